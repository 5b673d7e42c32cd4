// `flok dump`: namespaces as a backup: of a data directory, one committed state of all.
#include <algorithm>

#include "tools/commands.hpp"
#include "tools/dump_format.hpp"
#include "tools/open_store.hpp"
#include "tools/page_source.hpp"
#include "tools/progress.hpp"

namespace flok::tools {

namespace {

struct selection {
  std::vector<std::string> namespaces;
  std::uint64_t pages = 0;
};

expected<selection> select(page_source& from, const dump_arguments& a) {
  for (const auto& ns : a.namespaces)
    if (auto known = check_namespace(from, ns); !known)
      return failure(known.error());
  const auto all = from.namespaces();
  if (!all)
    return failure(all.error());
  selection chosen;
  for (const auto& each : *all)
    if (a.namespaces.empty() || std::find(a.namespaces.begin(), a.namespaces.end(),
                                          each.ns) != a.namespaces.end()) {
      chosen.namespaces.push_back(each.ns);
      chosen.pages += each.pages;
    }
  return chosen;
}

/// Prints all pages but damaged ones, which it tells on stderr; false where there was one,
/// or the store could not be read to its end, which leaves the dump torn.
bool print_pages(page_source& from, const selection& chosen, printer& out) {
  dump_writer lines;
  progress bar{"dump", chosen.pages};
  bool whole = true;
  bool goes_on = out.print(lines.first(chosen.namespaces));
  for (const auto& ns : chosen.namespaces) {
    const auto ok =
        from.scan(ns, {}, [&](std::string_view, const load_result& got, std::size_t) {
          bar.advance();
          if (got.damage.empty())
            return goes_on = out.print(lines.page(ns, got.found));
          complain("dump", got.damage + "; left out", exit_failed);
          whole = false;
          return true;
        });
    if (!ok) {
      complain("dump", ok.error().message, exit_failed);
      return false;
    }
    if (!goes_on)
      return false;
  }
  out.print(lines.last());
  return whole;
}

} // namespace

int run_dump(const dump_arguments& a) {
  const auto from = open_source(a, "dump");
  if (!from)
    return complain("dump", from.error());
  const auto chosen = select(**from, a);
  if (!chosen)
    return complain("dump", chosen.error());
  printer out{"dump"};
  const bool whole = print_pages(**from, *chosen, out);
  return out.finish(whole ? exit_ok : exit_failed);
}

} // namespace flok::tools
