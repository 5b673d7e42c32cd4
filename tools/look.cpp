// `flok ls`, `flok get` and `flok stat`: what a store holds.
#include <algorithm>

#include "runtime/json_text.hpp"
#include "tools/commands.hpp"
#include "tools/open_store.hpp"

namespace flok::tools {

namespace {

std::string json_of(const namespace_size& n) {
  return R"({"ns":)" + json::quoted(n.ns) + R"(,"pages":)" + std::to_string(n.pages) +
         R"(,"bytes":)" + std::to_string(n.bytes) + "}";
}

std::string json_of(const std::vector<namespace_size>& all) {
  std::string text = "[";
  for (const auto& n : all)
    text += (text.size() == 1 ? "" : ",") + json_of(n);
  return text + "]";
}

/// A line for each namespace, in columns.
std::string table_of(const std::vector<namespace_size>& all) {
  std::size_t width = 0;
  for (const auto& n : all)
    width = std::max(width, readable(n.ns).size());
  std::string text;
  for (const auto& n : all) {
    const auto name = readable(n.ns);
    text += name + std::string(width - name.size() + 2, ' ') + counted(n.pages, "page") +
            ", " + readable_bytes(n.bytes) + "\n";
  }
  return text;
}

int list_namespaces(store_view& view, const ls_arguments& a) {
  const auto all = view.namespaces();
  if (!all)
    return complain("ls", all.error().message, exit_failed);
  printer out{"ls"};
  out.print(a.json ? R"({"namespaces":)" + json_of(*all) + "}\n" : table_of(*all));
  return out.finish(exit_ok);
}

int list_ids(store_view& view, const ls_arguments& a) {
  printer out{"ls"};
  const auto listed =
      view.list(a.ns, {a.prefix, a.after, a.limit}, [&](std::string_view id) {
        return out.print(a.json ? R"({"id":)" + json::quoted(id) + "}\n"
                                : readable(id) + "\n");
      });
  if (!listed)
    complain("ls", listed.error().message, exit_failed);
  return out.finish(listed ? exit_ok : exit_failed);
}

std::string json_of(const store_figures& f, const std::string& namespaces) {
  const auto number = [](std::uint64_t n) { return std::to_string(n); };
  return R"({"format":)" + number(f.format) + R"(,"file_bytes":)" + number(f.file_bytes) +
         R"(,"free_bytes":)" + number(f.free_bytes) + R"(,"map_bytes":)" +
         number(f.map_bytes) + R"(,"writer":)" +
         (f.writer ? std::to_string(*f.writer) : "null") + R"(,"namespaces":)" +
         namespaces + "}\n";
}

std::string text_of(const store_figures& f, const std::string& namespaces) {
  return "format " + std::to_string(f.format) + "\nfile   " + readable_bytes(f.file_bytes) +
         ", " + readable_bytes(f.free_bytes) + " of it free\nmap    " +
         readable_bytes(f.map_bytes) + "\nwriter " +
         (f.writer ? "process " + std::to_string(*f.writer) : "none that is known") +
         "\n\n" + namespaces;
}

} // namespace

int run_ls(const ls_arguments& a) {
  const auto view = open_view(a, "ls");
  if (!view)
    return complain("ls", view.error().message, exit_usage);
  if (a.ns.empty())
    return list_namespaces(**view, a);
  if (auto known = check_namespace(**view, a.ns); !known)
    return complain("ls", known.error().message, exit_usage);
  return list_ids(**view, a);
}

int run_get(const page_arguments& a) {
  const auto view = open_view(a, "get");
  if (!view)
    return complain("get", view.error().message, exit_usage);
  if (auto known = check_namespace(**view, a.ns); !known)
    return complain("get", known.error().message, exit_usage);
  const auto got = (*view)->load(a.ns, a.id);
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
  const auto view = open_view(a, "stat");
  if (!view)
    return complain("stat", view.error().message, exit_usage);
  const auto all = (*view)->namespaces();
  const auto figures = (*view)->figures();
  if (!all || !figures)
    return complain("stat", all ? figures.error().message : all.error().message,
                    exit_failed);
  printer out{"stat"};
  out.print(a.json ? json_of(*figures, json_of(*all)) : text_of(*figures, table_of(*all)));
  return out.finish(exit_ok);
}

} // namespace flok::tools
