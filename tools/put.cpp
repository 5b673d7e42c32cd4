// `flok put` and `flok rm`: single pages into a store, or out of it.
#include <algorithm>

#include "actors/lmdb_store.hpp"
#include "runtime/codec.hpp"
#include "runtime/codec_json.hpp"
#include "runtime/json_text.hpp"
#include "runtime/limits.hpp"
#include "tools/commands.hpp"
#include "tools/open_store.hpp"
#include "tools/page_file.hpp"

namespace flok::tools {

namespace {

/// Opens a store that is there and has the namespace to write to it, or makes what is
/// missing where `create` says so.
expected<std::unique_ptr<store>> open_to_write(const store_arguments& a,
                                               const std::string& command,
                                               const std::string& ns, bool create) {
  const auto where = directory_of(a);
  if (!where)
    return failure(where.error());
  expect_damage(command, *where);
  if (!create) {
    const auto view = open_view(a, command);
    if (!view)
      return failure(view.error());
    if (auto known = check_namespace(**view, ns); !known)
      return failure(known.error());
  } else if (ns.empty() || ns.size() > limits::namespace_bytes || !json::is_utf8(ns)) {
    return failure(errc::bad_request, "a namespace's name is UTF-8, of 1 to " +
                                          std::to_string(limits::namespace_bytes) +
                                          " bytes");
  }
  return open_lmdb_store({*where, {ns}});
}

/// Whether the stored page is the one that the condition asks for: else `conflict`.
expected<void> check_hash(store& s, const put_arguments& a, const page& p) {
  if (!a.if_hash)
    return {};
  const auto there = s.load(a.ns, p.id());
  if (!there)
    return failure(there.error());
  const std::string hash = there->found.page ? there->found.page->hash_text() : "null";
  if (there->damage.empty() && hash == *a.if_hash)
    return {};
  return failure(errc::conflict,
                 readable(a.ns) + "/" + readable(p.id()) +
                     (there->found.page       ? ": its _hash is " + hash
                      : there->damage.empty() ? std::string{": there is no such page"}
                                              : ": it is damaged"));
}

} // namespace

int run_put(const put_arguments& a) {
  const auto page = read_page(a.file);
  if (!page)
    return complain("put", page.error().message,
                    page.error().code == errc::bad_request ? exit_usage : exit_failed);
  const auto opened = open_to_write(a, "put", a.ns, a.create);
  if (!opened)
    return complain("put", opened.error().message, exit_usage);
  auto done = check_hash(**opened, a, **page);
  if (done) {
    const commit_page change{a.ns, std::string{(*page)->id()}, *page};
    done = (*opened)->commit({&change, 1});
  }
  if (!done)
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
  const auto opened = open_to_write(a, "rm", a.ns, false);
  if (!opened)
    return complain("rm", opened.error().message, exit_usage);
  auto ids = a.ids;
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  std::vector<commit_page> removals;
  for (const auto& id : ids) {
    if (check_id(id)) { // no other is there, and a damaged record may go as well
      const auto there = (*opened)->load(a.ns, id);
      if (!there)
        return complain("rm", there.error().message, exit_failed);
      if (there->found.page || !there->damage.empty()) {
        removals.push_back({a.ns, id, nullptr});
        continue;
      }
    }
    return complain(
        "rm", readable(a.ns) + "/" + readable(id) + ": no such page; nothing was removed",
        exit_failed);
  }
  if (auto ok = (*opened)->commit(removals); !ok)
    return complain("rm", ok.error().message, exit_failed);
  printer out{"rm"};
  out.print(a.json ? R"({"removed":)" + std::to_string(removals.size()) + "}\n"
                   : counted(removals.size(), "page") + " removed\n");
  return out.finish(exit_ok);
}

} // namespace flok::tools
