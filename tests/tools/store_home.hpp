// Data directories for the tests of the subcommands that look after them.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "tests/tools/tool_process.hpp"

namespace flok::testing {

/// A folder with a data directory, "data", made without the tool.
struct store_home {
  temp_dir dir;
  std::filesystem::path data = dir.path() / "data";
  std::filesystem::path file = data / "data.mdb";

  /// Writes pages, given as JSON, into a namespace, and makes what is missing. Each call is
  /// a commit of its own.
  void fill(const std::string& ns, const strings& pages, bool pending = false) const {
    fill(data, ns, pages, pending);
  }
  static void fill(const std::filesystem::path& where, const std::string& ns,
                   const strings& pages, bool pending = false);

  /// Runs `flok WORDS… --data data`.
  [[nodiscard]] tool_result run(strings words, std::string_view input = {}) const;
  /// The same on another directory of this folder.
  [[nodiscard]] tool_result run_on(const std::string& name, strings words,
                                   std::string_view input = {}) const;
};

/// The output of a run that went well; throws where it did not.
std::string output_of(const tool_result& result);

/// Whether a run failed with that status, and told this on stderr.
bool failed_with(const tool_result& result, int status, std::string_view part);

/// The lines of a text.
strings lines_of(const std::string& text);

/// A page without entries, with these pointers where they are not empty.
std::string list_page(const std::string& id, const std::string& head,
                      const std::string& next, const std::string& prev);

/// A head page of that id and `pages` pages behind it: "ID-1" and so on.
strings list_of(const std::string& id, int pages);

/// An array page of one entry, which says that text.
std::string page_saying(const std::string& id, const std::string& says);

} // namespace flok::testing
