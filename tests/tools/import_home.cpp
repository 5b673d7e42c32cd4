#include "tests/tools/import_home.hpp"

#include <fstream>
#include <sstream>
#include <stdexcept>

#include "tests/catch.hpp"

namespace flok::testing {

namespace {

/// A shell over the imported pages, which must not change them.
class onlooker {
public:
  explicit onlooker(const shell_home& home) : shell_{home.start_kept()} {}

  std::string page(const std::string& id) {
    return raw_member(shell_.ask_line(op::read("user", id)).raw, "page");
  }

  void end() {
    if (shell_.finish().status != 0)
      throw std::runtime_error("the shell that looked at the pages failed");
  }

private:
  shell_process shell_;
};

} // namespace

tool_result import_home::import(std::string_view text, const strings& options,
                                const std::string& list) const {
  return import_file(home.dir.write("input.json", text), options, list);
}

tool_result import_home::import_file(const std::filesystem::path& file,
                                     const strings& options,
                                     const std::string& list) const {
  strings arguments{"import", "--config", home.config, "--data", home.data,
                    "--ns",   "user",     "--list",    list};
  arguments.insert(arguments.end(), options.begin(), options.end());
  arguments.push_back(file);
  return run_tool(arguments);
}

std::string import_home::page(const std::string& id) const {
  onlooker look{home};
  std::string page = look.page(id);
  look.end();
  return page;
}

strings import_home::pages(const std::string& list) const {
  onlooker look{home};
  strings pages;
  for (std::string id = list; !id.empty();) {
    pages.push_back(look.page(id));
    if (pages.back().empty())
      throw std::runtime_error("no page " + id);
    const json next = json::parse(raw_member(pages.back(), "_next"));
    id = next.is_null() ? "" : next.get<std::string>();
  }
  look.end();
  return pages;
}

strings import_home::entries(const std::string& list) const {
  strings all;
  for (const std::string& page : pages(list))
    for (std::string& entry : raw_elements(raw_member(page, "entries")))
      all.push_back(std::move(entry));
  return all;
}

strings import_home::ids(const std::string& list) const {
  strings all;
  for (const std::string& entry : entries(list))
    all.push_back(json::parse(raw_member(entry, "_id")).get<std::string>());
  return all;
}

void import_home::write_page(const std::string& page) const {
  auto shell = home.start_kept();
  shell.must({{"op", "write"}, {"ns", "user"}, {"page", json::parse(page)}});
  if (shell.finish().status != 0)
    throw std::runtime_error("the shell that writes failed");
}

void import_home::edit(const std::string& id, const json& edits) const {
  auto shell = home.start_kept();
  shell.must(op::edit("user", id, edits));
  if (shell.finish().status != 0)
    throw std::runtime_error("the shell that edits failed");
}

std::string import_home::database() const {
  std::ostringstream bytes;
  bytes << std::ifstream{home.data / "data.mdb", std::ios::binary}.rdbuf();
  return std::move(bytes).str();
}

std::string said(const std::string& list, std::size_t entries, std::size_t pages,
                 std::size_t changed) {
  const auto counted = [](std::size_t n, const std::string& one, const std::string& many) {
    return std::to_string(n) + " " + (n == 1 ? one : many);
  };
  return list + ": " + counted(entries, "entry", "entries") + " in " +
         counted(pages, "page", "pages") + "; " + counted(changed, "page", "pages") +
         " changed\n";
}

bool went_well(const tool_result& result, std::size_t entries, std::size_t pages,
               std::size_t changed) {
  UNSCOPED_INFO("status " << result.status << ", output: " << result.output
                          << "stderr: " << result.errors);
  return result.status == 0 && result.output == said("list", entries, pages, changed) &&
         result.errors.empty();
}

std::string unsigned_text(const std::string& entry) {
  constexpr std::string_view mark = R"(,"_sig":")";
  const auto at = entry.rfind(mark);
  if (at == std::string::npos)
    return entry;
  const std::string signature = entry.substr(at + mark.size(), 16);
  const std::string rest = entry.substr(at + mark.size() + signature.size());
  if (!looks_generated(signature) || !rest.starts_with('"'))
    return entry;
  return entry.substr(0, at) + rest.substr(1);
}

bool looks_like_uuid(std::string_view id) {
  constexpr std::string_view form = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx";
  if (id.size() != form.size())
    return false;
  for (std::size_t i = 0; i < id.size(); ++i) {
    const std::string_view allowed = form[i] == 'x'   ? "0123456789abcdef"
                                     : form[i] == 'y' ? "89ab"
                                                      : form.substr(i, 1);
    if (allowed.find(id[i]) == std::string_view::npos)
      return false;
  }
  return true;
}

} // namespace flok::testing
