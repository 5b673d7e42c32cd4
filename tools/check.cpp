// `flok check`: is a store whole? Each namespace is read in a child process, since damage
// in LMDB's own pages, which have no checksums, can end a process that maps them.
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "actors/store_view.hpp"
#include "runtime/json_text.hpp"
#include "runtime/limits.hpp"
#include "tools/check_links.hpp"
#include "tools/commands.hpp"
#include "tools/open_store.hpp"
#include "tools/page_source.hpp"

namespace flok::tools {

namespace {

/// What a child tells while it works, in memory that its death leaves as it is.
struct child_notes {
  std::uint64_t pages = 0;
  std::uint64_t faults = 0;
  bool done = false;
  std::uint32_t at_size = 0; ///< of the id that it came to last
  std::array<char, limits::id_bytes> at{};
  std::uint32_t listed = 0; ///< bytes of names, each with its length before it
  std::array<char, std::size_t{4} << 20U> names{};

  /// For the next child; what stands in the arrays is as long as their sizes say.
  void forget() {
    pages = faults = 0;
    at_size = listed = 0;
    done = false;
  }
  void came_to(std::string_view id) {
    at_size = static_cast<std::uint32_t>(std::min(id.size(), at.size()));
    std::copy_n(id.begin(), at_size, at.begin());
  }
  [[nodiscard]] std::string place() const { return {at.data(), at_size}; }

  /// False where there is no room for it.
  bool add_name(std::string_view name) {
    if (listed + name.size() + 1 > names.size())
      return false;
    names[listed++] = static_cast<char>(name.size()); // at most limits::namespace_bytes
    std::copy(name.begin(), name.end(), names.begin() + listed);
    listed += static_cast<std::uint32_t>(name.size());
    return true;
  }
  [[nodiscard]] std::vector<std::string> all_names() const {
    std::vector<std::string> all;
    for (std::size_t i = 0; i < listed;) {
      const auto size = static_cast<unsigned char>(names[i++]);
      all.emplace_back(names.data() + i, size);
      i += size;
    }
    return all;
  }
};

static_assert(limits::namespace_bytes <= 255, "its length takes one byte in the notes");

class checker {
public:
  checker(const check_arguments& a, std::string where) : a_{a}, where_{std::move(where)} {}
  ~checker() {
    if (notes_ != nullptr)
      ::munmap(notes_, sizeof(child_notes));
  }
  checker(const checker&) = delete;
  checker& operator=(const checker&) = delete;

  int run();

private:
  void tell(std::string_view ns, std::string_view id, std::string_view fault);
  template <class Work>
  bool in_child(const std::string& ns, const Work& work);
  void list_namespaces();
  void check_namespace(const std::string& ns);
  std::optional<int> choose(std::vector<std::string>& names) const;
  int sum_up(std::size_t namespaces) const;

  const check_arguments& a_;
  std::string where_;
  child_notes* notes_ = nullptr;
  std::uint64_t pages_ = 0;
  std::uint64_t faults_ = 0;
};

/// Prints a fault at once, as the next step may be the last one.
void checker::tell(std::string_view ns, std::string_view id, std::string_view fault) {
  ++notes_->faults;
  std::string line;
  if (a_.json) {
    line = R"({"ns":)" + (ns.empty() ? "null" : json::quoted(json::as_utf8(ns))) +
           R"(,"id":)" + (id.empty() ? "null" : json::quoted(json::as_utf8(id))) +
           R"(,"fault":)" + json::quoted(json::as_utf8(fault)) + "}\n";
  } else {
    if (!ns.empty())
      line = readable(ns) + (id.empty() ? "" : "/" + readable(id)) + ": ";
    line += std::string{fault} + "\n";
  }
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fflush(stdout);
}

/// Runs `work` in a child process. False, and a fault is told, where that ended too early.
template <class Work>
bool checker::in_child(const std::string& ns, const Work& work) {
  notes_->forget();
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL); // nobody would hear of what it finds
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    work();
    std::fflush(stdout);
    notes_->done = true;
    ::_exit(exit_ok);
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child) {
    tell(ns, {}, std::string{"no process can be started to look: "} + std::strerror(errno));
  } else if (!notes_->done) {
    const auto near = notes_->place();
    tell(ns, {},
         "data.mdb is damaged" + (near.empty() ? "" : " after " + readable(near)) +
             ": reading it ended a process" +
             (WIFSIGNALED(status) ? " (" + std::string{::strsignal(WTERMSIG(status))} + ")"
                                  : std::string{}));
  }
  pages_ += notes_->pages;
  faults_ += notes_->faults;
  return notes_->done;
}

void checker::list_namespaces() {
  const auto view = open_lmdb_view(where_);
  const auto all = view ? (*view)->namespaces() : failure(view.error());
  if (!all)
    return tell({}, {}, all.error().message);
  for (const auto& each : *all)
    if (!notes_->add_name(each.ns))
      return tell({}, {}, "there are too many namespaces to check");
}

void checker::check_namespace(const std::string& ns) {
  const auto view = open_lmdb_view(where_);
  if (!view)
    return tell(ns, {}, view.error().message);
  const link_checker::report told = [&](std::string_view id, const std::string& fault) {
    tell(ns, id, fault);
  };
  link_checker links{**view, ns, told};
  // A damage's text begins with "WHERE: NS/ID: ".
  auto ok =
      (*view)->scan(ns, {}, [&](std::string_view id, const load_result& got, std::size_t) {
        notes_->came_to(id);
        ++notes_->pages;
        if (!got.damage.empty())
          tell(ns, id, got.damage.substr(where_.size() + ns.size() + id.size() + 5));
        else if (!a_.no_links)
          links.check(*got.found.page);
        return true;
      });
  if (ok && !a_.no_links)
    ok = links.find_orphans();
  if (!ok)
    tell(ns, {}, ok.error().message);
}

/// Leaves those that were asked for. Gives an exit status where one is not there.
std::optional<int> checker::choose(std::vector<std::string>& names) const {
  for (const auto& wanted : a_.namespaces)
    if (auto known = tools::check_namespace(names, wanted); !known)
      return complain("check", where_ + ": " + known.error().message, exit_usage);
  if (!a_.namespaces.empty())
    names = a_.namespaces;
  return std::nullopt;
}

int checker::sum_up(std::size_t namespaces) const {
  printer out{"check"};
  const auto number = [](std::uint64_t n) { return std::to_string(n); };
  if (a_.json)
    out.print(R"({"namespaces":)" + number(namespaces) + R"(,"pages":)" + number(pages_) +
              R"(,"faults":)" + number(faults_) + "}\n");
  else
    out.print(where_ + ": " + counted(pages_, "page") + " in " +
              counted(namespaces, "namespace") + ", " +
              (faults_ == 0 ? "no fault" : counted(faults_, "fault")) + "\n");
  return out.finish(faults_ == 0 ? exit_ok : exit_failed);
}

int checker::run() {
  void* shared = ::mmap(nullptr, sizeof(child_notes), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED)
    return complain("check", std::strerror(errno), exit_failed);
  notes_ = new (shared) child_notes;
  std::vector<std::string> names;
  if (in_child({}, [this] { list_namespaces(); }) && faults_ == 0) {
    names = notes_->all_names();
    if (const auto refused = choose(names))
      return *refused;
  }
  for (const auto& ns : names)
    in_child(ns, [&] { check_namespace(ns); });
  return sum_up(names.size());
}

} // namespace

int run_check(const check_arguments& a) {
  auto where = directory_of(a);
  if (!where)
    return complain("check", where.error().message, exit_usage);
  if (::access((*where + "/data.mdb").c_str(), F_OK) != 0)
    return complain("check",
                    "cannot open " + *where + ": " +
                        (errno == ENOENT ? "no store is there" : std::strerror(errno)),
                    exit_usage);
  return checker{a, std::move(*where)}.run();
}

} // namespace flok::tools
