// `flok put` and `flok rm`: single pages into a store or a running system, or out of it.
#include <algorithm>

#include "runtime/json_text.hpp"
#include "tools/commands.hpp"
#include "tools/open_store.hpp"
#include "tools/page_file.hpp"
#include "tools/page_source.hpp"

namespace flok::tools {

int run_put(const put_arguments& a) {
  const auto page = read_page(a.file);
  if (!page)
    return complain("put", page.error().message,
                    page.error().code == errc::bad_request ? exit_usage : exit_failed);
  const auto to = open_target(a, "put");
  if (!to)
    return complain("put", to.error());
  if (auto ok = (*to)->open({a.ns}, a.create); !ok)
    return complain("put", ok.error());
  auto rule = a.if_hash;
  if (rule == "null")
    rule = "";
  if (auto done = (*to)->put(a.ns, *page, rule); !done)
    return complain("put", done.error().message, exit_failed);
  printer out{"put"};
  out.print(a.json ? R"({"ns":)" + json::quoted(a.ns) + R"(,"id":)" +
                         json::quoted((*page)->id()) + R"(,"hash":")" +
                         (*page)->hash_text() + "\"}\n"
                   : readable(a.ns) + "/" + readable((*page)->id()) + ": " +
                         (*page)->hash_text() + "\n");
  return out.finish(exit_ok);
}

int run_rm(const rm_arguments& a) {
  const auto to = open_target(a, "rm");
  if (!to)
    return complain("rm", to.error());
  if (auto ok = (*to)->open({a.ns}, false); !ok)
    return complain("rm", ok.error());
  auto ids = a.ids;
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  if (auto done = (*to)->remove(a.ns, ids); !done)
    return complain("rm", done.error().message, exit_failed);
  printer out{"rm"};
  out.print(a.json ? R"({"removed":)" + std::to_string(ids.size()) + "}\n"
                   : counted(ids.size(), "page") + " removed\n");
  return out.finish(exit_ok);
}

} // namespace flok::tools
