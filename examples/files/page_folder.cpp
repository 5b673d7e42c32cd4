#include "examples/files/page_folder.hpp"

#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>

#include <flok/runtime/codec.hpp>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

namespace fs = std::filesystem;

page_folder::descriptor::~descriptor() {
  if (number >= 0)
    ::close(number);
}

page_folder::page_folder(fs::path path, handler changed)
    : path_{std::move(path)}, changes_{::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)},
      stop_{::eventfd(0, EFD_CLOEXEC)} {
  constexpr std::uint32_t events = IN_CLOSE_WRITE | IN_MOVE | IN_DELETE;
  if (changes_.number < 0 || stop_.number < 0 ||
      ::inotify_add_watch(changes_.number, path_.c_str(), events) < 0)
    throw std::system_error{errno, std::generic_category(), path_};
  thread_ = std::thread{[this, changed = std::move(changed)] { wait(changed); }};
}

page_folder::~page_folder() {
  ::eventfd_write(stop_.number, 1);
  thread_.join();
}

void page_folder::wait(const handler& changed) const {
  alignas(inotify_event) std::array<char, 4096> events{};
  std::array<pollfd, 2> both{{{changes_.number, POLLIN, 0}, {stop_.number, POLLIN, 0}}};
  while (::poll(both.data(), both.size(), -1) >= 0 || errno == EINTR) {
    if (both[1].revents != 0)
      return;
    const auto size = ::read(changes_.number, events.data(), events.size());
    for (ssize_t at = 0; at < size;) {
      const auto* e = reinterpret_cast<const inotify_event*>(events.data() + at);
      changed(e->len == 0 ? "" : e->name);
      at += static_cast<ssize_t>(sizeof(inotify_event) + e->len);
    }
  }
}

flok::expected<flok::page_ptr> page_folder::load(const std::string& id) const {
  const auto file = path_ / (id + ".json");
  std::error_code unknown;
  if (id.find('/') != id.npos || (!fs::exists(file, unknown) && !unknown))
    return nullptr;
  std::ifstream in{file};
  auto page = flok::decode_page(std::string{std::istreambuf_iterator<char>{in}, {}});
  if (page && (*page)->id() != id)
    return flok::failure(flok::errc::invalid_page, "its _id is not the file's name");
  return page;
}

std::vector<std::string> page_folder::ids() const {
  std::vector<std::string> all;
  for (const auto& file : fs::directory_iterator{path_})
    if (file.path().extension() == ".json")
      all.push_back(file.path().stem());
  return all;
}
