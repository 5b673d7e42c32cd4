// A progress bar for long work.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace flok::tools {

/// Draws a bar on stderr where that is a terminal, a few times a second; else does nothing.
class progress {
public:
  progress(std::string what, std::size_t total);
  ~progress(); ///< clears the line
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;

  void advance(std::size_t by = 1);

private:
  void draw() const;

  std::string what_;
  std::size_t total_;
  std::size_t done_ = 0;
  bool visible_;
  std::chrono::steady_clock::time_point drawn_;
};

} // namespace flok::tools
