#include "tests/tools/store_home.hpp"

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include "actors/lmdb_store.hpp"
#include "runtime/codec.hpp"
#include "tests/catch.hpp"

namespace flok::testing {

void store_home::fill(const std::filesystem::path& where, const std::string& ns,
                      const strings& pages, bool pending) {
  auto opened = open_lmdb_store({where.string(), {ns}});
  if (!opened)
    throw std::runtime_error(opened.error().message);
  std::vector<commit_page> batch;
  for (const auto& text : pages) {
    auto page = decode_page(text);
    if (!page)
      throw std::runtime_error(page.error().message);
    batch.push_back({ns, std::string{(*page)->id()}, *page, pending});
  }
  std::sort(batch.begin(), batch.end(),
            [](const auto& a, const auto& b) { return a.id < b.id; });
  if (auto ok = (*opened)->commit(batch); !ok)
    throw std::runtime_error(ok.error().message);
}

tool_result store_home::run(strings words, std::string_view input) const {
  return run_on("data", std::move(words), input);
}

tool_result store_home::run_on(const std::string& name, strings words,
                               std::string_view input) const {
  words.insert(words.end(), {"--data", dir.path() / name});
  return run_tool(words, input);
}

std::string output_of(const tool_result& result) {
  if (result.status != 0 || !result.errors.empty())
    throw std::runtime_error("status " + std::to_string(result.status) + ": " +
                             result.errors);
  return result.output;
}

bool failed_with(const tool_result& result, int status, std::string_view part) {
  UNSCOPED_INFO("status " << result.status << ", stderr: " << result.errors);
  return result.status == status && result.errors.find(part) != std::string::npos;
}

strings lines_of(const std::string& text) {
  std::istringstream in{text};
  strings lines;
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

std::string list_page(const std::string& id, const std::string& head,
                      const std::string& next, const std::string& prev) {
  json page{{"_id", id}, {"_type", "array"}, {"entries", json::array()}};
  if (!head.empty()) { // a page of a list, and no head page
    page["_head"] = head;
    page["entries"].push_back({{"_id", "e"}});
  }
  if (!next.empty())
    page["_next"] = next;
  if (!prev.empty())
    page["_prev"] = prev;
  return page.dump();
}

strings list_of(const std::string& id, int pages) {
  const auto name = [&](int n) { return id + "-" + std::to_string(n); };
  strings all{list_page(id, "", name(1), "")};
  for (int n = 1; n <= pages; ++n)
    all.push_back(
        list_page(name(n), id, n == pages ? "" : name(n + 1), n == 1 ? "" : name(n - 1)));
  return all;
}

std::string page_saying(const std::string& id, const std::string& says) {
  return json{{"_id", id},
              {"_type", "array"},
              {"entries", json::array({{{"_id", "e"}, {"says", says}}})}}
      .dump();
}

} // namespace flok::testing
