#include "tools/progress.hpp"

#include <algorithm>
#include <cstdio>

#include <unistd.h>

namespace flok::tools {

namespace {

constexpr std::size_t bar_width = 40;
constexpr std::chrono::milliseconds between_drawings{100};

} // namespace

progress::progress(std::string what, std::size_t total)
    : what_{std::move(what)}, total_{total}, visible_{::isatty(STDERR_FILENO) == 1} {
  if (visible_)
    draw();
}

progress::~progress() {
  if (visible_)
    std::fputs("\r\x1b[K", stderr); // to the line's start, and clear it
}

void progress::advance(std::size_t by) {
  done_ += by;
  const auto now = std::chrono::steady_clock::now();
  if (!visible_ || now - drawn_ < between_drawings)
    return;
  drawn_ = now;
  draw();
}

void progress::draw() const {
  const auto full =
      total_ == 0 ? bar_width : std::min(bar_width, done_ * bar_width / total_);
  const std::string bar = std::string(full, '#') + std::string(bar_width - full, '.');
  std::fprintf(stderr, "\r%s [%s] %zu/%zu\x1b[K", what_.c_str(), bar.c_str(), done_,
               total_);
  std::fflush(stderr);
}

} // namespace flok::tools
