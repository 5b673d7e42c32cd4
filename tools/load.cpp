// `flok load`: the pages of a dump into a store or a running system.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <future>
#include <optional>
#include <tuple>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "runtime/limits.hpp"
#include "tools/commands.hpp"
#include "tools/dump_format.hpp"
#include "tools/open_store.hpp"
#include "tools/page_source.hpp"
#include "tools/progress.hpp"
#include "tools/unique_fd.hpp"

namespace flok::tools {

namespace {

/// Writes pages in batches, so that memory and transactions stay small, each in a thread of
/// its own while the next one is read.
class loader {
public:
  loader(page_target& to, std::uint64_t expected_pages)
      : to_{to}, bar_{"load", expected_pages} {}

  expected<void> open(const std::vector<std::string>& namespaces) {
    auto ok = to_.open(namespaces, true);
    if (!ok)
      refused_ = ok.error();
    return ok;
  }

  expected<void> add(commit_page p) {
    bytes_ += p.page->json_bytes_bound();
    batch_.push_back(std::move(p));
    return batch_.size() >= limits::batch_pages || bytes_ >= limits::batch_bytes
               ? write()
               : expected<void>{};
  }

  /// Writes what there is once the batch before is written.
  expected<void> write() {
    // Of a page that is there twice the later one counts.
    const auto key = [](const commit_page& p) { return std::tie(p.ns, p.id); };
    std::stable_sort(batch_.begin(), batch_.end(),
                     [&](const auto& a, const auto& b) { return key(a) < key(b); });
    const auto earlier = std::unique(batch_.rbegin(), batch_.rend(),
                                     [&](auto& a, auto& b) { return key(a) == key(b); });
    batch_.erase(batch_.begin(), earlier.base());
    if (auto ok = settle(); !ok)
      return ok;
    writing_ = std::async(std::launch::async, [this, batch = std::exchange(batch_, {})] {
      auto ok = to_.write(batch, written_);
      if (ok)
        bar_.advance(batch.size());
      return ok;
    });
    bytes_ = 0;
    return {};
  }

  /// Waits until what was handed over is written.
  expected<void> settle() { return writing_.valid() ? writing_.get() : expected<void>{}; }

  /// Of what was settled.
  [[nodiscard]] std::uint64_t written() const { return written_; }
  /// Why the target could not be opened.
  [[nodiscard]] const std::optional<error>& refused() const { return refused_; }

private:
  page_target& to_;
  progress bar_;
  std::optional<error> refused_;
  std::vector<commit_page> batch_;
  std::size_t bytes_ = 0;
  std::uint64_t written_ = 0;
  std::future<expected<void>> writing_; ///< last: it uses the others until it ends
};

/// A dump that can be read twice is seen to be whole before anything is written.
expected<std::uint64_t> verify(int fd, off_t begin) {
  auto pages = read_dump(fd, {[](const auto&) { return expected<void>{}; }});
  if (pages && ::lseek(fd, begin, SEEK_SET) != begin)
    return failure(errc::bad_request, std::strerror(errno));
  return pages;
}

std::string report(const load_arguments& a, std::uint64_t pages, std::size_t namespaces,
                   bool kept) {
  if (a.json)
    return R"({"pages":)" + std::to_string(pages) + R"(,"namespaces":)" +
           std::to_string(namespaces) + R"(,"kept":)" + (kept ? "true" : "false") + "}\n";
  return counted(pages, "page") + " in " + counted(namespaces, "namespace") + " loaded" +
         (kept ? "\n" : ", into memory alone: the system keeps nothing on disk\n");
}

int load_from(int fd, const load_arguments& a, page_target& target) {
  const std::string name = a.file == "-" ? "standard input" : a.file;
  std::uint64_t pages = 0;
  if (const off_t begin = ::lseek(fd, 0, SEEK_CUR); begin >= 0) {
    const auto whole = verify(fd, begin);
    if (!whole)
      return complain("load", name + ": " + whole.error().message + "; nothing was loaded",
                      exit_failed);
    pages = *whole;
  }
  loader to{target, pages};
  std::size_t namespaces = 0;
  auto done = read_dump(fd, {[&](const std::vector<std::string>& names) {
                               namespaces = names.size();
                               return to.open(names);
                             },
                             [&](commit_page p) { return to.add(std::move(p)); }});
  auto kept = done ? to.write() : failure(done.error());
  if (auto settled = to.settle(); kept && !settled)
    kept = failure(settled.error());
  if (to.refused())
    return complain("load", *to.refused());
  if (!kept)
    return complain("load",
                    name + ": " + kept.error().message +
                        (to.written() == 0
                             ? "; nothing was loaded"
                             : "; " + counted(to.written(), "page") +
                                   " before that were loaded; load a whole dump"),
                    exit_failed);
  const auto on_disk = target.keep();
  if (!on_disk)
    return complain("load", counted(to.written(), "page") + " " + on_disk.error().message,
                    exit_failed);
  printer out{"load"};
  out.print(report(a, *done, namespaces, *on_disk));
  return out.finish(exit_ok);
}

} // namespace

int run_load(const load_arguments& a) {
  const auto to = open_target(a, "load");
  if (!to)
    return complain("load", to.error());
  if (a.file == "-")
    return load_from(STDIN_FILENO, a, **to);
  const unique_fd fd{::open(a.file.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!fd)
    return complain("load", a.file + ": " + std::strerror(errno), exit_usage);
  return load_from(fd.get(), a, **to);
}

} // namespace flok::tools
