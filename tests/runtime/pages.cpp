#include "tests/runtime/pages.hpp"

#include "runtime/json_text.hpp"
#include "tests/catch.hpp"

namespace flok::testing {

error refusal_of(std::string_view json, checked known) {
  auto page = decode_page(json, known);
  INFO(json.substr(0, 500));
  REQUIRE_FALSE(page.has_value());
  return page.error();
}

page_ptr finished(draft& d) {
  auto page = d.finish();
  INFO((page ? std::string{} : page.error().message));
  REQUIRE(page.has_value());
  return *page;
}

page_ptr page_with_entries(std::string_view id, std::size_t entries, std::size_t bytes) {
  std::string text = R"({"_id":)" + json::quoted(id) + R"(,"_type":"array","entries":[)";
  for (std::size_t i = 0; i < entries; ++i) {
    const auto n = std::to_string(i);
    text += i == 0 ? "" : ",";
    text += R"({"_id":"e)" + n + R"(","_sig":"s)" + n + R"(","text":")";
    text.append(bytes > 32 ? bytes - 32 : 0, 'x') += R"("})";
  }
  return page_of(text + "]}");
}

} // namespace flok::testing
