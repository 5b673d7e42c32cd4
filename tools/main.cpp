#include <csignal>

#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <unistd.h>

#include "tools/commands.hpp"
#include "tools/store_cli.hpp"

namespace {

using namespace flok::tools;

/// Where a standard stream is closed, the next file to be opened would take its place, and
/// what is printed would land in that file. Each gets a descriptor that refuses instead.
void hold_standard_streams() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(fd, F_GETFD) < 0)
      (void)::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

/// What every subcommand that runs a system takes.
template <class Arguments>
void add_common(CLI::App& command, Arguments& arguments) {
  command.add_option("--config", arguments.config, "configuration file (services.json)")
      ->required();
  command.add_option("--data", arguments.data,
                     "data directory; stands over the configuration's storage.path");
}

void add_shell(CLI::App& app, shell_arguments& arguments) {
  auto* shell = app.add_subcommand(
      "shell", "Speak the shell protocol: one JSON object a line, in and out");
  add_common(*shell, arguments);
  shell->footer(
      "Example:\n  echo '{\"op\":\"stats\"}' | flok shell --config services.json");
}

void add_import(CLI::App& app, import_arguments& arguments) {
  auto* import = app.add_subcommand("import", "Turn a JSON array into a list of pages");
  add_common(*import, arguments);
  import->add_option("--ns", arguments.ns, "namespace to import into")->required();
  import->add_option("--list", arguments.list, "id of the list's head page")
      ->required()
      ->check([](const std::string& id) {
        return id.empty() ? std::string{"the head page's _id must not be empty"} : std::string{};
});
import->add_option("--pointer", arguments.pointer,
                   "JSON pointer to the array; without it the file is the array");
import->add_option("--id-field", arguments.id_field,
                   "member whose value becomes the entry's _id; without it ids are made");
import->add_option("--per-page", arguments.per_page, "entries in a page")
    ->check(CLI::Range(std::size_t{1}, std::size_t{100'000}))
    ->capture_default_str();
import->add_option("FILE", arguments.file, "JSON file")->required();
import->footer("Example:\n  flok import --config services.json --data data --ns iso "
               "--list countries \\\n    --pointer /3166-1 --id-field alpha_3 "
               "/usr/share/iso-codes/json/iso_3166-1.json");
} // namespace

} // namespace

int main(int argc, char* argv[]) {
  hold_standard_streams();
  std::signal(SIGXFSZ, SIG_IGN); // a file that may not grow is an error like any other
  CLI::App app{"flok: reactive, paged, persistent memory", "flok"};
  app.require_subcommand(1);
  app.set_version_flag("--version", "flok " FLOK_VERSION, "Print the version and end");
  app.footer("Example:\n  echo '{\"op\":\"stats\"}' | flok shell --config services.json\n\n"
             "flok SUBCOMMAND --help tells more.");
  shell_arguments shell;
  import_arguments import;
  add_shell(app, shell);
  add_import(app, import);
  std::function<int()> store_command;
  add_store_commands(app, store_command);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? exit_ok : exit_usage;
  }
  if (store_command)
    return store_command();
  if (app.got_subcommand("shell"))
    return run_shell(shell);
  return run_import(import);
}
