// `flok diff`: pages beside a file, or beside those of another store or system.
#include <utility>
#include <vector>

#include <sys/stat.h>

#include "runtime/codec_json.hpp"
#include "runtime/diff.hpp"
#include "runtime/json_text.hpp"
#include "tools/commands.hpp"
#include "tools/open_store.hpp"
#include "tools/page_file.hpp"
#include "tools/page_source.hpp"

namespace flok::tools {

namespace {

/// Like the command of all systems: 1 says that there are differences, nothing else.
constexpr int exit_same = exit_ok;
constexpr int exit_differs = exit_failed;
constexpr int exit_trouble = exit_usage;

int trouble(const std::string& message) { return complain("diff", message, exit_trouble); }

std::string page_name(std::string_view ns, std::string_view id) {
  return readable(ns) + "/" + readable(id);
}

class comparison {
public:
  explicit comparison(const diff_arguments& a) : a_{a} {}

  /// Prints what makes `to` of `from`.
  void compare(std::string_view ns, const page& from, const page& to) {
    if (from.unmodified(to))
      return;
    const auto changes = diff(from, to);
    differ(ns, from.id(), changes ? "changes" : "unlike",
           changes ? to_json(*changes) : json::quoted(changes.error().message));
  }

  /// Prints that a page is in one of the stores only.
  void only(std::string_view ns, std::string_view id, const std::string& where) {
    differ(ns, id, "only", json::quoted(where));
  }

  [[nodiscard]] int finish() { return out_.finish(same_ ? exit_same : exit_differs); }

private:
  void differ(std::string_view ns, std::string_view id, const std::string& how,
              const std::string& what) {
    same_ = false;
    if (a_.json)
      out_.print(R"({"ns":)" + json::quoted(ns) + R"(,"id":)" + json::quoted(id) + ",\"" +
                 how + "\":" + what + "}\n");
    else if (how == "changes")
      print_changes(page_name(ns, id), what);
    else
      out_.print(page_name(ns, id) + ": " + (how == "only" ? "only in " : "") +
                 json::string_value(what).value_or(what) + "\n");
  }

  void print_changes(const std::string& name, const std::string& changes) {
    std::string text = name + ":\n";
    const auto each = json::elements(changes);
    for (const auto& change : each.value_or(std::vector<std::string_view>{}))
      text += "  " + std::string{change} + "\n";
    out_.print(text);
  }

  const diff_arguments& a_;
  printer out_{"diff"};
  bool same_ = true;
};

/// The page, or null where there is none; fails where it cannot be compared.
expected<page_ptr> load_page(page_source& from, const diff_arguments& a) {
  auto got = from.load(a.ns, a.id);
  if (!got)
    return failure(got.error());
  if (!got->damage.empty())
    return failure(errc::storage_failure, got->damage);
  return std::move(got->found.page);
}

int with_file(page_source& source, const diff_arguments& a) {
  const auto from = load_page(source, a);
  if (!from)
    return trouble(from.error().message);
  if (!*from)
    return trouble(source.name() + ": " + page_name(a.ns, a.id) + ": no such page");
  const auto to = read_page(a.file);
  if (!to)
    return trouble(to.error().message);
  comparison result{a};
  result.compare(a.ns, **from, **to);
  return result.finish();
}

/// Goes along a namespace's ids.
class id_cursor {
public:
  id_cursor(page_source& source, const std::string& ns) : source_{source}, ns_{ns} {}

  /// Whether that one is there; each is to stand behind the one before.
  expected<bool> reaches(std::string_view id) {
    while (at_ < ids_.size() ? ids_[at_] < id : !ended_)
      if (at_ < ids_.size())
        ++at_;
      else if (auto ok = fill(); !ok)
        return failure(ok.error());
    return at_ < ids_.size() && ids_[at_] == id;
  }

private:
  static constexpr std::uint64_t at_once = 32'768;

  expected<void> fill() {
    id_range range{{}, ids_.empty() ? std::string{} : ids_.back(), at_once};
    ids_.clear();
    at_ = 0;
    auto ok = source_.list(ns_, range, [&](std::string_view id) {
      ids_.emplace_back(id);
      return true;
    });
    ended_ = ids_.size() < at_once;
    return ok || ok.error().code != errc::unknown_namespace ? ok : expected<void>{};
  }

  page_source& source_;
  const std::string& ns_;
  std::vector<std::string> ids_;
  std::size_t at_ = 0;
  bool ended_ = false; ///< none follows
};

/// Two stores side by side.
class two_stores {
public:
  two_stores(page_source& from, page_source& to, const diff_arguments& a)
      : from_{from}, to_{to}, a_{a} {}

  int one_page() {
    const auto old = load_page(from_, a_);
    const auto now = load_page(to_, a_);
    if (!old || !now)
      return trouble(old ? now.error().message : old.error().message);
    if (!*old && !*now)
      return trouble(page_name(a_.ns, a_.id) + ": no such page in either");
    if (*old && *now)
      result_.compare(a_.ns, **old, **now);
    else
      result_.only(a_.ns, a_.id, *old ? from_.name() : to_.name());
    return result_.finish();
  }

  int namespaces() {
    const auto old = from_.namespaces();
    const auto now = to_.namespaces();
    if (!old || !now)
      return trouble(old ? now.error().message : old.error().message);
    for (const auto& each : *old)
      if (a_.ns.empty() || a_.ns == each.ns)
        compare_all(each.ns);
    for (const auto& each : *now)
      if (a_.ns.empty() || a_.ns == each.ns)
        show_new(each.ns);
    const int status = result_.finish();
    return failed_ ? exit_trouble : status;
  }

private:
  /// Some pages of the first, to be compared with those of the second.
  struct chunk {
    std::vector<std::string> ids;
    std::vector<load_result> pages;
  };

  /// Shows what the second lacks, and what differs.
  void compare_all(const std::string& ns) {
    chunk some;
    const auto ok =
        from_.scan(ns, {}, [&](std::string_view id, load_result page, std::size_t) {
          some.ids.emplace_back(id);
          some.pages.push_back(std::move(page));
          return some.ids.size() < pages_at_once || compare(ns, some);
        });
    if (!ok)
      fail(ok.error().message);
    else if (!some.ids.empty())
      compare(ns, some);
  }

  /// False where it cannot go on.
  bool compare(const std::string& ns, chunk& some) {
    const auto done = std::exchange(some, {});
    auto theirs = to_.load_all(ns, done.ids);
    if (!theirs && theirs.error().code == errc::unknown_namespace)
      theirs = std::vector<load_result>(done.ids.size());
    if (!theirs)
      return fail(theirs.error().message);
    for (std::size_t i = 0; i < done.ids.size(); ++i) {
      const auto& mine = done.pages[i];
      const auto& other = (*theirs)[i];
      if (!other.found.page && other.damage.empty())
        result_.only(ns, done.ids[i], from_.name());
      else if (mine.found.page && other.found.page)
        result_.compare(ns, *mine.found.page, *other.found.page);
      else
        fail(mine.damage.empty() ? other.damage : mine.damage);
    }
    return true;
  }

  /// Shows what the first lacks. Ids of both ascend.
  void show_new(const std::string& ns) {
    id_cursor known{from_, ns};
    const auto ok = to_.list(ns, {}, [&](std::string_view id) {
      const auto there = known.reaches(id);
      if (!there)
        return fail(there.error().message);
      if (!*there)
        result_.only(ns, id, to_.name());
      return true;
    });
    if (!ok)
      fail(ok.error().message);
  }

  bool fail(const std::string& why) {
    trouble(why);
    failed_ = true;
    return false;
  }

  page_source& from_;
  page_source& to_;
  const diff_arguments& a_;
  comparison result_{a_};
  bool failed_ = false;
};

/// LMDB does not open a directory twice in a process, and one system is one.
bool same_directory(const std::string& a, const std::string& b) {
  struct stat one {};
  struct stat other {};
  return ::stat(a.c_str(), &one) == 0 && ::stat(b.c_str(), &other) == 0 &&
         one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

int with_other(page_source& from, const diff_arguments& a) {
  if (same_directory(from.name(), *a.with))
    return trouble(*a.with + ": this is the same " + (a.connect ? "system" : "directory"));
  if (!a.connect)
    expect_damage("diff", from.name() + " or " + *a.with);
  const auto to = open_source_at(*a.with);
  if (!to)
    return trouble(to.error().message);
  if (!a.ns.empty())
    if (auto known = check_namespace(**to, a.ns); !known)
      return trouble(*a.with + ": " + known.error().message);
  two_stores both{from, **to, a};
  return a.id.empty() ? both.namespaces() : both.one_page();
}

} // namespace

int run_diff(const diff_arguments& a) {
  if (a.with.has_value() == !a.file.empty())
    return trouble("give a page and a FILE, or another directory or socket as --with");
  const auto from = open_source(a, "diff");
  if (!from)
    return trouble(from.error().message);
  if (!a.ns.empty())
    if (auto known = check_namespace(**from, a.ns); !known)
      return trouble((*from)->name() + ": " + known.error().message);
  return a.with ? with_other(**from, a) : with_file(**from, a);
}

} // namespace flok::tools
