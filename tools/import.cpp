#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "flok.hpp"
#include "tools/commands.hpp"
#include "tools/import_list.hpp"
#include "tools/progress.hpp"

namespace flok::tools {

namespace {

expected<std::string> read_file(const std::string& path) {
  std::error_code unknown;
  if (std::filesystem::is_directory(path, unknown)) // it would open, and read as empty
    return failure(errc::bad_request, "cannot be read: it is a directory");
  std::ifstream in{path, std::ios::binary};
  std::ostringstream text;
  if (in)
    text << in.rdbuf();
  if (!in)
    return failure(errc::bad_request, std::string{"cannot be read: "} +
                                          std::strerror(errno == 0 ? EIO : errno));
  return std::move(text).str();
}

/// The pages of the list as it is now, by following `_next` from its head. A page that is
/// missing, that the list has had already, or that is another list's, ends it.
std::vector<page_ptr> pages_now(system& sys, const import_arguments& a) {
  std::vector<page_ptr> pages;
  std::set<std::string> seen;
  std::optional<std::string> id = a.list;
  while (id && seen.insert(*id).second) {
    auto page = sys.read(a.ns, *id);
    if (!page || (!pages.empty() && (*page)->head() != a.list))
      break;
    id = (*page)->next();
    pages.push_back(std::move(*page));
  }
  return pages;
}

struct outcome {
  std::size_t entries = 0;
  std::size_t pages = 0;
  std::size_t written = 0;
};

/// Writes the pages that differ from what is there; the head last, so that no one follows
/// it to a page that is not there yet.
expected<outcome> write_list(system& sys, const import_arguments& a,
                             const std::vector<page_ptr>& now,
                             std::vector<page_ptr> pages) {
  outcome result;
  result.pages = pages.size();
  std::map<std::string_view, page_ptr> old;
  for (const auto& page : now)
    old.emplace(page->id(), page);
  for (const auto& page : pages)
    result.entries += page->size();
  std::set<std::string_view> ids;
  for (const auto& page : pages)
    ids.insert(page->id());
  // Pages that the list no longer reaches are emptied, so that nobody takes them for
  // current.
  for (const auto& page : now)
    if (!ids.contains(page->id())) {
      auto emptied = new_page(page->kind(), sys.ids(), std::string{page->id()}).finish();
      if (!emptied)
        return failure(emptied.error());
      pages.push_back(std::move(*emptied));
    }
  std::rotate(pages.begin(), pages.begin() + 1, pages.end());
  progress bar{a.list, pages.size()};
  for (const auto& page : pages) {
    bar.advance();
    const auto before = old.find(page->id());
    if (before != old.end() && before->second->unmodified(*page))
      continue;
    if (auto ok = sys.write(a.ns, page); !ok)
      return failure(ok.error().code, std::string{page->id()} + ": " + ok.error().message);
    ++result.written;
  }
  return result;
}

expected<outcome> import_into(system& sys, const import_arguments& a,
                              const std::vector<std::string_view>& entries) {
  const auto now = pages_now(sys, a);
  known_ids known;
  if (a.id_field.empty())
    for (const auto& page : now)
      known.add(*page);
  auto pages =
      make_list(entries, {a.list, a.id_field, a.per_page}, std::move(known), sys.ids());
  if (!pages)
    return failure(pages.error());
  return write_list(sys, a, now, std::move(*pages));
}

bool has_namespace(const config& c, const std::string& ns) {
  return std::any_of(c.pagers.begin(), c.pagers.end(),
                     [&](const auto& p) { return p.ns == ns; });
}

int complain(const std::string& about, const error& why, int code) {
  std::fprintf(stderr, "flok import: %s%s%s\n", about.c_str(), about.empty() ? "" : ": ",
               why.message.c_str());
  return code;
}

} // namespace

int run_import(const import_arguments& a) {
  spdlog::set_default_logger(spdlog::stderr_logger_mt("flok"));
  // What can be refused is refused before anything starts and a data folder is made.
  const auto text = read_file(a.file);
  if (!text)
    return complain(a.file, text.error(), exit_usage);
  const auto entries = list_entries(*text, a.pointer);
  if (!entries)
    return complain(a.file, entries.error(), exit_failed);
  const auto pagers = builtin_pagers();
  auto options = read_options({a.config, a.data, {}}, *pagers);
  if (!options)
    return complain("", options.error(), exit_usage);
  if (!has_namespace(options->config, a.ns))
    return complain(a.config, {errc::unknown_namespace, "no namespace is called " + a.ns},
                    exit_usage);
  if (!options->data)
    std::fprintf(stderr,
                 "flok import: nothing will be kept: there is no --data, and %s "
                 "has no storage.path\n",
                 a.config.c_str());
  const auto sys = system::start(std::move(*options), *pagers);
  if (!sys)
    return complain("", sys.error(), exit_usage);
  const auto result = import_into(**sys, a, *entries);
  const auto kept = (*sys)->close();
  if (!result)
    return complain(a.file, result.error(), exit_failed);
  if (!kept)
    return complain("pages were not kept", kept.error(), exit_failed);
  std::printf("%s: %zu entries in %zu pages; %zu pages changed\n", a.list.c_str(),
              result->entries, result->pages, result->written);
  return exit_ok;
}

} // namespace flok::tools
