// A folder into which lists are imported, and how the tests look at them.
#pragma once

#include <string>

#include "tests/tools/shell_process.hpp"
#include "tests/tools/tool_process.hpp"

namespace flok::testing {

struct import_home {
  shell_home home;

  /// Imports this text into "user" as a list of that id.
  tool_result import(std::string_view text, const strings& options = {},
                     const std::string& list = "list") const;
  /// Imports a file that is there.
  tool_result import_file(const std::filesystem::path& file, const strings& options = {},
                          const std::string& list = "list") const;

  /// One page, as the shell prints it; "" where there is none.
  [[nodiscard]] std::string page(const std::string& id) const;
  /// The list's pages from its head on, as the shell prints them.
  [[nodiscard]] strings pages(const std::string& list = "list") const;
  /// The entries of all its pages, byte for byte.
  [[nodiscard]] strings entries(const std::string& list = "list") const;
  /// The `_id`s of these.
  [[nodiscard]] strings ids(const std::string& list = "list") const;
  /// Changes a page through the shell, as somebody else may.
  void edit(const std::string& id, const json& edits) const;
  /// Writes a page through the shell.
  void write_page(const std::string& page) const;

  /// The bytes of the database, which a run that changes nothing leaves as they are.
  [[nodiscard]] std::string database() const;
};

/// What an import says that went well.
std::string said(const std::string& list, std::size_t entries, std::size_t pages,
                 std::size_t changed);

/// Whether an import into "list" went well and says this.
bool went_well(const tool_result& result, std::size_t entries, std::size_t pages,
               std::size_t changed);

/// An entry's text without the `_sig` that was made for it and put at its end.
std::string unsigned_text(const std::string& entry);

/// Whether a text looks like a random UUID (version 4).
bool looks_like_uuid(std::string_view id);

} // namespace flok::testing
