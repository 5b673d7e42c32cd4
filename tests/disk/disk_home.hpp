// Folders and file systems for the tests of the real disk.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include <sys/types.h>

#include "tests/tools/shell_process.hpp"
#include "tests/tools/tool_process.hpp"

namespace flok::testing {

/// A small file system in memory at a folder, for as long as this lives. Only this process
/// and its children see it. Where that is not permitted, it is not `mounted()`.
class small_disk {
public:
  small_disk(const std::filesystem::path& at, std::size_t bytes);
  ~small_disk();
  small_disk(const small_disk&) = delete;
  small_disk& operator=(const small_disk&) = delete;

  [[nodiscard]] bool mounted() const { return mounted_; }
  /// Takes all of the room but this much with a file of its own.
  void fill(std::size_t leave = 0) const;
  /// Removes that file.
  void make_room() const;
  /// From now on nothing can be written to it.
  bool make_read_only() const;

private:
  std::filesystem::path at_;
  bool mounted_ = false;
};

/// Makes one file unwritable for root, too, for as long as this lives.
class read_only_file {
public:
  explicit read_only_file(const std::filesystem::path& file);
  ~read_only_file();
  read_only_file(const read_only_file&) = delete;
  read_only_file& operator=(const read_only_file&) = delete;

  [[nodiscard]] bool done() const { return done_; }

private:
  std::filesystem::path file_;
  bool done_ = false;
};

/// The one child process of this thread.
pid_t only_child();

/// Lets the process write no file beyond that many bytes.
void limit_file_size(pid_t process, std::size_t bytes);
void lift_file_limit(pid_t process);

std::string read_all(const std::filesystem::path& file);
void write_all(const std::filesystem::path& file, std::string_view bytes);

/// Replaces every occurrence by a text of the same length; returns how many there were.
/// LMDB leaves older copies of its pages lying about, so there may be several.
int replace_all(std::string& bytes, std::string_view from, std::string_view to);

/// Runs the shell on a data directory to the end of this input.
tool_result run_shell_on(const shell_home& home, const std::filesystem::path& data,
                         std::string_view input = {});

/// A page of one entry with a long text that says its version.
json filled_page(std::string_view id, std::string_view version, std::size_t bytes);

} // namespace flok::testing
