// The subcommands of `flok`, each as a function that main.cpp gives its arguments.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace flok::tools {

/// Exit codes of all subcommands.
enum exit_code : int {
  exit_ok = 0,
  exit_failed = 1, ///< what was asked for could not be done; stderr says why
  exit_usage = 2,  ///< the command line or the configuration is wrong; nothing was started
};

struct shell_arguments {
  std::string config;
  std::optional<std::string> data;
  std::string log_level = "warning"; ///< as spdlog names it: what goes to standard error
};

/// Speaks the shell protocol on standard input and output until the input ends, and with
/// those who connect to where the configuration says that it listens.
int run_shell(const shell_arguments& arguments);

/// The same for a running system that listens at that path.
int run_connected_shell(const std::string& path);

/// Runs a system that is reached by connections alone, until a signal ends it.
int run_serve(const shell_arguments& arguments);

struct import_arguments {
  std::string config;
  std::optional<std::string> data;
  std::string ns;
  std::string list;
  std::string pointer;
  std::string id_field;
  std::size_t per_page = 64;
  std::string file;
};

/// Turns a JSON array into a list of pages.
int run_import(const import_arguments& arguments);

} // namespace flok::tools
