#include "testing/pages.hpp"

#include <memory>

#include "runtime/json_text.hpp"

namespace flok::testing {

page_ptr page_of(std::string_view json, checked known) {
  auto page = decode_page(json, known);
  if (!page)
    throw failed{page.error().message + ": " + std::string{json.substr(0, 500)}};
  return *page;
}

page_ptr version(std::string_view id, std::string_view signature) {
  std::string text = R"({"_id":)" + json::quoted(id) + R"(,"_type":"array","entries":[)";
  if (!signature.empty())
    text += R"({"_id":"e","_sig":)" + json::quoted(signature) + '}';
  return page_of(text + "]}");
}

std::string label(const page& p) {
  std::string text{p.id()};
  for (std::size_t i = 0; i < p.size(); ++i) {
    text += i == 0 ? '=' : '+';
    text += p.entry(i).signature;
  }
  return text;
}

std::string in_words(const page& p) {
  const bool is_array = p.kind() == page_kind::array;
  std::string text = std::string{p.id()} + (is_array ? " [" : " {");
  for (std::size_t i = 0; i < p.size(); ++i) {
    const auto entry = p.entry(i);
    text += i == 0 ? "" : ",";
    text += is_array ? "" : json::quoted(entry.name) + ':';
    text += json::without_member(entry.text, "_sig").value();
  }
  text += is_array ? ']' : '}';
  const auto pointer = [&](const char* name, std::optional<std::string_view> id) {
    if (id)
      text += std::string{' '} + name + '=' + std::string{*id};
  };
  pointer("head", p.head());
  pointer("next", p.next());
  pointer("prev", p.prev());
  return text;
}

id_source counted_ids() {
  return [made = std::make_shared<int>(0)] { return "made-" + std::to_string(++*made); };
}

} // namespace flok::testing
