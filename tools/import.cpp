#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

#include "actors/read_file.hpp"
#include "flok.hpp"
#include "runtime/limits.hpp"
#include "tools/commands.hpp"
#include "tools/import_list.hpp"
#include "tools/progress.hpp"
#include "tools/stderr_sink.hpp"

namespace flok::tools {

namespace {

/// The pages of the list as it is now, by following `_next` from its head. A page that is
/// missing, that the list has had already, or that is another list's, ends it; so does a
/// first page that is no head page.
std::vector<page_ptr> pages_now(system& sys, const import_arguments& a) {
  std::vector<page_ptr> pages;
  std::set<std::string> seen;
  std::optional<std::string> id = a.list;
  while (id && seen.insert(*id).second) {
    auto page = sys.read(a.ns, *id);
    if (!page || (pages.empty() ? !(*page)->empty() : (*page)->head() != a.list))
      break;
    id = (*page)->next();
    pages.push_back(std::move(*page));
  }
  return pages;
}

/// Why the list cannot go where it shall: a page of one of its names is not of this list.
expected<void> check_free(system& sys, const import_arguments& a,
                          const std::vector<page_ptr>& now,
                          const std::vector<page_ptr>& pages) {
  std::set<std::string_view> own;
  for (const auto& page : now)
    own.insert(page->id());
  for (const auto& page : pages) {
    if (own.contains(page->id()))
      continue;
    const auto there = sys.read(a.ns, page->id());
    if (!there && there.error().code != errc::no_such_page)
      return failure(there.error());
    if (there && (*there)->head() != a.list && !(*there)->empty())
      return failure(errc::conflict, "the page " + std::string{page->id()} +
                                         " is there already and is none of the list " +
                                         a.list + "; choose another --list");
  }
  return {};
}

struct outcome {
  std::size_t entries = 0;
  std::size_t pages = 0;
  std::size_t written = 0;
};

/// Writes the pages that differ from what is there, the head after the others, so that no
/// one follows it to a page that is not there yet; deletes those beyond the list's new end.
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
  // Last, once no page leads to them.
  for (const auto& page : now)
    if (!ids.contains(page->id())) {
      if (auto ok = sys.erase(a.ns, page->id()); !ok)
        return failure(ok.error().code,
                       std::string{page->id()} + ": " + ok.error().message);
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
  if (auto ok = check_free(sys, a, now, *pages); !ok)
    return failure(ok.error());
  return write_list(sys, a, now, std::move(*pages));
}

bool has_namespace(const config& c, const std::string& ns) {
  return std::any_of(c.pagers.begin(), c.pagers.end(),
                     [&](const auto& p) { return p.ns == ns; });
}

std::string counted(std::size_t n, const char* one, const char* many) {
  return std::to_string(n) + " " + (n == 1 ? one : many);
}

int complain(const std::string& about, const error& why, int code) {
  std::fprintf(stderr, "flok import: %s%s%s\n", about.c_str(), about.empty() ? "" : ": ",
               why.message.c_str());
  return code;
}

} // namespace

int run_import(const import_arguments& a) {
  log_to_stderr();
  // What can be refused is refused before anything starts and a data folder is made.
  const auto text = read_file(a.file, limits::import_bytes, errc::bad_request);
  if (!text)
    return complain("", text.error(), exit_usage);
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
  options->config.metrics = {}; // nobody reaches it while it works
  const auto sys = system::start(std::move(*options), *pagers);
  if (!sys)
    return complain("", sys.error(), exit_usage);
  const auto result = import_into(**sys, a, *entries);
  const auto kept = (*sys)->close();
  if (!result)
    return complain(a.file, result.error(), exit_failed);
  if (!kept)
    return complain("pages were not kept", kept.error(), exit_failed);
  std::printf("%s: %s in %s; %s changed\n", a.list.c_str(),
              counted(result->entries, "entry", "entries").c_str(),
              counted(result->pages, "page", "pages").c_str(),
              counted(result->written, "page", "pages").c_str());
  return exit_ok;
}

} // namespace flok::tools
