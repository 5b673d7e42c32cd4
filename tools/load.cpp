// `flok load`: the pages of a dump into a store.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <tuple>

#include <fcntl.h>
#include <unistd.h>

#include "actors/lmdb_store.hpp"
#include "runtime/limits.hpp"
#include "tools/commands.hpp"
#include "tools/dump_format.hpp"
#include "tools/open_store.hpp"
#include "tools/progress.hpp"

namespace flok::tools {

namespace {

/// Commits pages in batches, so that memory and transactions stay small.
class loader {
public:
  loader(std::string directory, std::uint64_t expected_pages)
      : where_{std::move(directory)}, bar_{"load", expected_pages} {}

  expected<void> open(const std::vector<std::string>& namespaces) {
    auto opened = open_lmdb_store({where_, namespaces});
    refused_ = !opened;
    if (refused_)
      return failure(opened.error());
    store_ = std::move(*opened);
    return {};
  }

  expected<void> add(commit_page p) {
    bytes_ += p.page->json_bytes_bound();
    batch_.push_back(std::move(p));
    return batch_.size() >= limits::batch_pages || bytes_ >= limits::batch_bytes
               ? commit()
               : expected<void>{};
  }

  expected<void> commit() {
    // Of a page that is there twice the later one counts.
    std::stable_sort(batch_.begin(), batch_.end(), [](const auto& a, const auto& b) {
      return std::tie(a.ns, a.id) < std::tie(b.ns, b.id);
    });
    if (auto ok = store_->commit(batch_); !ok)
      return ok;
    committed_ += batch_.size();
    bar_.advance(batch_.size());
    batch_.clear();
    bytes_ = 0;
    return {};
  }

  [[nodiscard]] std::uint64_t committed() const { return committed_; }
  /// Whether the store could not be opened.
  [[nodiscard]] bool refused() const { return refused_; }

private:
  std::string where_;
  progress bar_;
  std::unique_ptr<store> store_;
  bool refused_ = false;
  std::vector<commit_page> batch_;
  std::size_t bytes_ = 0;
  std::uint64_t committed_ = 0;
};

/// A dump that can be read twice is read to its end before anything is written.
expected<std::uint64_t> verify(int fd, off_t begin) {
  auto pages = read_dump(fd, {[](const auto&) { return expected<void>{}; },
                              [](const commit_page&) { return expected<void>{}; }});
  if (pages && ::lseek(fd, begin, SEEK_SET) != begin)
    return failure(errc::bad_request, std::strerror(errno));
  return pages;
}

std::string report(const load_arguments& a, std::uint64_t pages, std::size_t namespaces) {
  if (a.json)
    return R"({"pages":)" + std::to_string(pages) + R"(,"namespaces":)" +
           std::to_string(namespaces) + "}\n";
  return counted(pages, "page") + " in " + counted(namespaces, "namespace") + " loaded\n";
}

int load_from(int fd, const load_arguments& a, const std::string& where) {
  const std::string name = a.file == "-" ? "standard input" : a.file;
  std::uint64_t pages = 0;
  if (const off_t begin = ::lseek(fd, 0, SEEK_CUR); begin >= 0) {
    const auto whole = verify(fd, begin);
    if (!whole)
      return complain("load", name + ": " + whole.error().message + "; nothing was loaded",
                      exit_failed);
    pages = *whole;
  }
  loader to{where, pages};
  std::size_t namespaces = 0;
  auto done = read_dump(fd, {[&](const std::vector<std::string>& names) {
                               namespaces = names.size();
                               return to.open(names);
                             },
                             [&](commit_page p) { return to.add(std::move(p)); }});
  auto kept = done ? to.commit() : failure(done.error());
  if (to.refused())
    return complain("load", kept.error().message, exit_usage);
  if (!kept)
    return complain("load",
                    name + ": " + kept.error().message +
                        (to.committed() == 0
                             ? "; nothing was loaded"
                             : "; " + counted(to.committed(), "page") +
                                   " before that were, and stay; load a whole dump"),
                    exit_failed);
  printer out{"load"};
  out.print(report(a, *done, namespaces));
  return out.finish(exit_ok);
}

} // namespace

int run_load(const load_arguments& a) {
  const auto where = directory_of(a);
  if (!where)
    return complain("load", where.error().message, exit_usage);
  expect_damage("load", *where);
  if (a.file == "-")
    return load_from(STDIN_FILENO, a, *where);
  const int fd = ::open(a.file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return complain("load", a.file + ": " + std::strerror(errno), exit_usage);
  const int status = load_from(fd, a, *where);
  ::close(fd);
  return status;
}

} // namespace flok::tools
