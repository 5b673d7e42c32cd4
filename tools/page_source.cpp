// Data directories as sources and targets, and what is common to all.
#include "tools/page_source.hpp"

#include <algorithm>

#include <sys/stat.h>

#include "actors/lmdb_store.hpp"
#include "runtime/codec.hpp"
#include "runtime/codec_json.hpp"
#include "runtime/json_text.hpp"
#include "runtime/limits.hpp"
#include "tools/connected_pages.hpp"
#include "tools/open_store.hpp"

namespace flok::tools {

namespace {

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

class directory_source : public page_source {
public:
  directory_source(std::string where, std::unique_ptr<store_view> view)
      : where_{std::move(where)}, view_{std::move(view)} {}

  const std::string& name() const override { return where_; }
  std::string_view counted_where() const override { return {}; }

  expected<std::vector<namespace_size>> namespaces() override {
    return view_->namespaces();
  }

  expected<std::string> figures(bool as_json) override {
    const auto all = view_->namespaces();
    const auto f = view_->figures();
    if (!all || !f)
      return failure(all ? f.error() : all.error());
    return as_json ? json_of(*f, tools::json_of(*all)) : text_of(*f, table_of(*all));
  }

  expected<load_result> load(std::string_view ns, std::string_view id) override {
    return view_->load(ns, id);
  }
  expected<void> list(std::string_view ns, const id_range& range,
                      const store_view::id_visitor& visit) override {
    return view_->list(ns, range, visit);
  }
  expected<void> scan(std::string_view ns, const id_range& range,
                      const store_view::page_visitor& visit) override {
    return view_->scan(ns, range, visit);
  }

private:
  std::string where_;
  std::unique_ptr<store_view> view_;
};

class directory_target : public page_target {
public:
  explicit directory_target(std::string where) : where_{std::move(where)} {}

  expected<void> open(const std::vector<std::string>& namespaces, bool make) override {
    for (const auto& ns : namespaces)
      if (auto ok = make ? check_name(ns) : check_there(ns); !ok)
        return ok;
    auto opened = open_lmdb_store({where_, namespaces});
    if (!opened)
      return failure(opened.error());
    store_ = std::move(*opened);
    return {};
  }

  expected<void> put(const std::string& ns, const page_ptr& page,
                     const hash_rule& rule) override {
    if (auto ok = check_hash(ns, *page, rule); !ok)
      return ok;
    const commit_page change{ns, std::string{page->id()}, page};
    return store_->commit({&change, 1});
  }

  expected<void> remove(const std::string& ns,
                        const std::vector<std::string>& ids) override {
    std::vector<commit_page> removals;
    for (const auto& id : ids) {
      const auto there = check_id(id) ? store_->load(ns, id) : load_result{};
      if (!there)
        return failure(there.error());
      if (!there->found.page && there->damage.empty()) // a damaged one may go as well
        return failure(errc::no_such_page, readable(ns) + "/" + readable(id) +
                                               ": no such page; nothing was removed");
      removals.push_back({ns, id, nullptr});
    }
    return store_->commit(removals);
  }

  expected<void> write(const std::vector<commit_page>& pages,
                       std::uint64_t& written) override {
    auto ok = store_->commit(pages);
    written += ok ? pages.size() : 0;
    return ok;
  }

  expected<bool> keep() override { return true; } // each commit is

private:
  static expected<void> check_name(const std::string& ns) {
    if (!ns.empty() && ns.size() <= limits::namespace_bytes && json::is_utf8(ns))
      return {};
    return failure(errc::bad_request, "a namespace's name is UTF-8, of 1 to " +
                                          std::to_string(limits::namespace_bytes) +
                                          " bytes");
  }

  /// LMDB does not open a directory twice in a process: it is closed again.
  [[nodiscard]] expected<void> check_there(const std::string& ns) const {
    const auto source = open_source_at(where_);
    return source ? check_namespace(**source, ns) : failure(source.error());
  }

  expected<void> check_hash(const std::string& ns, const page& p, const hash_rule& rule) {
    if (!rule)
      return {};
    const auto there = store_->load(ns, p.id());
    if (!there)
      return failure(there.error());
    if (!there->damage.empty())
      return failure(errc::conflict,
                     readable(ns) + "/" + readable(p.id()) + ": it is damaged");
    const std::string hash = there->found.page ? there->found.page->hash_text() : "";
    if (hash == *rule)
      return {};
    return failure(conflict_at(ns, p.id(), hash));
  }

  std::string where_;
  std::unique_ptr<store> store_;
};

bool is_socket(const std::string& path) {
  struct stat file {};
  return ::stat(path.c_str(), &file) == 0 && S_ISSOCK(file.st_mode);
}

expected<std::string> directory_named_by(const store_arguments& a) {
  if (!a.data && !a.config)
    return failure(
        errc::bad_config,
        "which pages? Give --data, --config, or, of a running system, --connect");
  return directory_of(a);
}

std::string json_of(const namespace_size& n) {
  return R"({"ns":)" + json::quoted(n.ns) + R"(,"pages":)" + std::to_string(n.pages) +
         R"(,"bytes":)" + std::to_string(n.bytes) + "}";
}

} // namespace

expected<std::vector<load_result>> page_source::load_all(std::string_view ns,
                                                         std::span<const std::string> ids) {
  std::vector<load_result> all;
  for (const auto& id : ids) {
    auto one = load(ns, id);
    if (!one)
      return failure(one.error());
    all.push_back(std::move(*one));
  }
  return all;
}

expected<std::unique_ptr<page_source>> open_source_at(const std::string& path) {
  if (is_socket(path))
    return open_connected_source(path);
  auto view = open_lmdb_view(path);
  if (!view)
    return failure(view.error());
  return std::make_unique<directory_source>(path, std::move(*view));
}

expected<std::unique_ptr<page_source>> open_source(const store_arguments& a,
                                                   const std::string& command) {
  if (a.connect)
    return open_connected_source(*a.connect);
  const auto where = directory_named_by(a);
  if (!where)
    return failure(where.error());
  expect_damage(command, *where);
  auto view = open_lmdb_view(*where);
  if (!view)
    return failure(view.error());
  return std::make_unique<directory_source>(*where, std::move(*view));
}

expected<std::unique_ptr<page_target>> open_target(const store_arguments& a,
                                                   const std::string& command) {
  if (a.connect)
    return open_connected_target(*a.connect);
  auto where = directory_named_by(a);
  if (!where)
    return failure(where.error());
  expect_damage(command, *where);
  return std::make_unique<directory_target>(std::move(*where));
}

expected<void> check_namespace(page_source& source, const std::string& ns) {
  const auto all = source.namespaces();
  if (!all)
    return failure(all.error());
  std::vector<std::string> names;
  for (const auto& each : *all)
    names.push_back(each.ns);
  return check_namespace(names, ns);
}

expected<void> check_namespace(std::span<const std::string> all, const std::string& ns) {
  std::string names;
  for (const auto& each : all) {
    if (each == ns)
      return {};
    names += (names.empty() ? "" : ", ") + readable(each);
  }
  return failure(errc::unknown_namespace,
                 "the store has no namespace " + readable(ns) +
                     (names.empty() ? ", nor any other" : "; it has " + names));
}

std::string table_of(const std::vector<namespace_size>& all, std::string_view where) {
  std::size_t width = 0;
  for (const auto& n : all)
    width = std::max(width, readable(n.ns).size());
  std::string text;
  for (const auto& n : all) {
    const auto name = readable(n.ns);
    text += name + std::string(width - name.size() + 2, ' ') + counted(n.pages, "page") +
            std::string{where} + ", " + readable_bytes(n.bytes) + "\n";
  }
  return text;
}

std::string json_of(const std::vector<namespace_size>& all) {
  std::string text = "[";
  for (const auto& n : all)
    text += (text.size() == 1 ? "" : ",") + json_of(n);
  return text + "]";
}

error conflict_at(const std::string& ns, std::string_view id, const std::string& hash) {
  return {errc::conflict,
          readable(ns) + "/" + readable(id) +
              (hash.empty() ? ": there is no such page" : ": its _hash is " + hash)};
}

} // namespace flok::tools
