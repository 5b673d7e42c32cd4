// `flok ls`, `flok get` and `flok stat`: what a store or a running system holds.
#include "runtime/codec.hpp"
#include "runtime/json_text.hpp"
#include "tools/commands.hpp"
#include "tools/open_store.hpp"
#include "tools/page_source.hpp"

namespace flok::tools {

namespace {

int list_namespaces(page_source& from, const ls_arguments& a) {
  const auto all = from.namespaces();
  if (!all)
    return complain("ls", all.error().message, exit_failed);
  printer out{"ls"};
  out.print(a.json ? R"({"namespaces":)" + json_of(*all) + "}\n"
                   : table_of(*all, from.counted_where()));
  return out.finish(exit_ok);
}

int list_ids(page_source& from, const ls_arguments& a) {
  printer out{"ls"};
  const auto listed =
      from.list(a.ns, {a.prefix, a.after, a.limit}, [&](std::string_view id) {
        return out.print(a.json ? R"({"id":)" + json::quoted(id) + "}\n"
                                : readable(id) + "\n");
      });
  if (!listed)
    complain("ls", listed.error().message, exit_failed);
  return out.finish(listed ? exit_ok : exit_failed);
}

} // namespace

int run_ls(const ls_arguments& a) {
  const auto from = open_source(a, "ls");
  if (!from)
    return complain("ls", from.error());
  if (a.ns.empty())
    return list_namespaces(**from, a);
  if (auto known = check_namespace(**from, a.ns); !known)
    return complain("ls", known.error());
  return list_ids(**from, a);
}

int run_get(const page_arguments& a) {
  const auto from = open_source(a, "get");
  if (!from)
    return complain("get", from.error());
  if (auto known = check_namespace(**from, a.ns); !known)
    return complain("get", known.error());
  const auto got = check_id(a.id) ? (*from)->load(a.ns, a.id) : load_result{};
  if (!got)
    return complain("get", got.error().message, exit_failed);
  if (!got->damage.empty())
    return complain("get", got->damage, exit_failed);
  if (!got->found.page)
    return complain("get", readable(a.ns) + "/" + readable(a.id) + ": no such page",
                    exit_failed);
  printer out{"get"};
  const auto page = got->found.page->json();
  out.print(a.json
                ? R"({"ns":)" + json::quoted(a.ns) + R"(,"pending":)" +
                      (got->found.pending ? "true" : "false") + R"(,"page":)" + page + "}\n"
                : page + "\n");
  return out.finish(exit_ok);
}

int run_stat(const store_arguments& a) {
  const auto from = open_source(a, "stat");
  if (!from)
    return complain("stat", from.error());
  const auto figures = (*from)->figures(a.json);
  if (!figures)
    return complain("stat", figures.error().message, exit_failed);
  printer out{"stat"};
  out.print(*figures);
  return out.finish(exit_ok);
}

} // namespace flok::tools
