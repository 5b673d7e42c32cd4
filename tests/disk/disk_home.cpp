#include "tests/disk/disk_home.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/tools/child.hpp"

namespace flok::testing {

namespace {

/// Whether this process may mount; what it mounts then is its own and its children's.
bool may_mount() {
  static const bool may = ::unshare(CLONE_NEWNS) == 0 &&
                          ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
  return may;
}

} // namespace

small_disk::small_disk(const std::filesystem::path& at, std::size_t bytes) : at_{at} {
  std::filesystem::create_directories(at);
  const std::string size = "size=" + std::to_string(bytes);
  mounted_ = may_mount() && ::mount("flok-test", at.c_str(), "tmpfs", 0, size.c_str()) == 0;
}

small_disk::~small_disk() {
  if (mounted_)
    ::umount2(at_.c_str(), MNT_DETACH);
}

void small_disk::fill(std::size_t leave) const {
  const int fd = ::open((at_ / "filler").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0)
    fail_with_errno("the filler file");
  const std::string block(4096, 'f');
  off_t size = 0;
  for (auto put = ::write(fd, block.data(), block.size()); put > 0;
       put = ::write(fd, block.data(), block.size()))
    size += put;
  const bool cut = ::ftruncate(fd, size - static_cast<off_t>(leave)) == 0;
  ::close(fd);
  if (!cut)
    fail_with_errno("the filler file");
}

void small_disk::make_room() const { std::filesystem::remove(at_ / "filler"); }

bool small_disk::make_read_only() const {
  return ::mount(nullptr, at_.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0;
}

read_only_file::read_only_file(const std::filesystem::path& file) : file_{file} {
  if (::geteuid() != 0) { // else permissions do not bind
    done_ = ::chmod(file.c_str(), 0444) == 0;
    return;
  }
  done_ =
      may_mount() && ::mount(file.c_str(), file.c_str(), nullptr, MS_BIND, nullptr) == 0 &&
      ::mount(nullptr, file.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) ==
          0;
}

read_only_file::~read_only_file() {
  if (::geteuid() == 0)
    ::umount2(file_.c_str(), MNT_DETACH);
}

pid_t only_child() {
  std::ifstream children{"/proc/thread-self/children"};
  pid_t child = 0;
  if (children >> child)
    return child;
  throw std::runtime_error("no child, or a kernel that does not tell of children");
}

void limit_file_size(pid_t process, std::size_t bytes) {
  rlimit limit{};
  bool done = ::prlimit(process, RLIMIT_FSIZE, nullptr, &limit) == 0;
  limit.rlim_cur = bytes;
  done = done && ::prlimit(process, RLIMIT_FSIZE, &limit, nullptr) == 0;
  if (!done)
    fail_with_errno("prlimit");
}

void lift_file_limit(pid_t process) {
  rlimit limit{};
  bool done = ::prlimit(process, RLIMIT_FSIZE, nullptr, &limit) == 0;
  limit.rlim_cur = limit.rlim_max;
  done = done && ::prlimit(process, RLIMIT_FSIZE, &limit, nullptr) == 0;
  if (!done)
    fail_with_errno("prlimit");
}

std::string read_all(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

void write_all(const std::filesystem::path& file, std::string_view bytes) {
  std::ofstream out{file, std::ios::binary | std::ios::trunc};
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

int replace_all(std::string& bytes, std::string_view from, std::string_view to) {
  int count = 0;
  for (auto at = bytes.find(from); at != bytes.npos; at = bytes.find(from, at + 1)) {
    std::copy(to.begin(), to.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
    ++count;
  }
  return count;
}

tool_result run_shell_on(const shell_home& home, const std::filesystem::path& data,
                         std::string_view input) {
  return run_tool({"shell", "--config", home.config.string(), "--data", data.string()},
                  input);
}

json filled_page(std::string_view id, std::string_view version, std::size_t bytes) {
  json page = array_page(id, version);
  page["entries"][0]["filling"] = std::string(bytes, 'f');
  return page;
}

} // namespace flok::testing
