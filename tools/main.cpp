#include <algorithm>
#include <csignal>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <unistd.h>

#include "tools/commands.hpp"
#include "tools/man_page.hpp"
#include "tools/open_store.hpp"
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
CLI::Option* add_common(CLI::App& command, Arguments& arguments) {
  command.add_option("--data", arguments.data,
                     "data directory; stands over the configuration's storage.path");
  return command.add_option("--config", arguments.config,
                            "configuration file (services.json)");
}

void add_log_level(CLI::App& command, shell_arguments& arguments) {
  command
      .add_option("--log-level", arguments.log_level,
                  "least important lines that go to standard error")
      ->check(CLI::IsMember({"info", "warning", "error", "off"}))
      ->capture_default_str();
}

void add_shell(CLI::App& app, std::function<int()>& chosen) {
  struct arguments : shell_arguments {
    std::string connect;
  };
  const auto args = std::make_shared<arguments>();
  auto* shell = app.add_subcommand(
      "shell", "Speak the shell protocol: one JSON object a line, in and out");
  auto* config = add_common(*shell, *args);
  shell->add_option("--connect", args->connect, "socket of a running system to speak with")
      ->excludes(config);
  add_log_level(*shell, *args);
  shell->footer(
      "Example:\n  echo '{\"op\":\"stats\"}' | flok shell --config services.json\n"
      "  echo '{\"op\":\"stats\"}' | flok shell --connect flok.sock");
  shell->callback([args, &chosen] {
    if (args->config.empty() == args->connect.empty())
      throw CLI::RequiredError{"--config or --connect"};
    if (!args->connect.empty() && args->data)
      throw CLI::ExcludesError{"--data", "--connect"};
    chosen = [args] {
      return args->connect.empty() ? run_shell(*args) : run_connected_shell(args->connect);
    };
  });
}

void add_serve(CLI::App& app, std::function<int()>& chosen) {
  const auto args = std::make_shared<shell_arguments>();
  auto* serve = app.add_subcommand(
      "serve", "Run a configuration until SIGTERM, for those who connect to its socket");
  add_common(*serve, *args)->required();
  add_log_level(*serve, *args);
  serve->footer("Example:\n  flok serve --config services.json &\n"
                "  flok shell --connect flok.sock");
  serve->callback([args, &chosen] { chosen = [args] { return run_serve(*args); }; });
}

std::string check_list(const std::string& id) {
  if (id.empty())
    return "the head page's _id must not be empty";
  return {};
}

void add_import(CLI::App& app, std::function<int()>& chosen) {
  const auto args = std::make_shared<import_arguments>();
  auto* command = app.add_subcommand("import", "Turn a JSON array into a list of pages");
  add_common(*command, *args)->required();
  command->add_option("--ns", args->ns, "namespace to import into")->required();
  command->add_option("--list", args->list, "id of the list's head page")
      ->required()
      ->check(check_list);
  command->add_option("--pointer", args->pointer,
                      "JSON pointer to the array; without it the file is the array");
  command->add_option(
      "--id-field", args->id_field,
      "member whose value becomes the entry's _id; without it ids are made");
  command->add_option("--per-page", args->per_page, "entries in a page")
      ->check(CLI::Range(std::size_t{1}, std::size_t{100'000}))
      ->capture_default_str();
  command->add_option("FILE", args->file, "JSON file")->required();
  command->footer("Example:\n  flok import --config services.json --data data --ns iso "
                  "--list countries \\\n    --pointer /3166-1 --id-field alpha_3 "
                  "/usr/share/iso-codes/json/iso_3166-1.json");
  command->callback([args, &chosen] { chosen = [args] { return run_import(*args); }; });
}

/// What CLI11 refuses, told like all that a subcommand refuses.
std::string refusal(const CLI::App* app, const CLI::Error& why) {
  const auto before = app->remaining();
  const auto option = std::find_if(before.begin(), before.end(),
                                   [](const auto& word) { return word.starts_with('-'); });
  if (option != before.end() && !app->get_subcommands().empty())
    return "flok: " + readable(*option) +
           ": options come after the subcommand\nflok --help tells more\n";
  std::string whose = app->get_name();
  for (const auto* sub : app->get_subcommands())
    whose += " " + sub->get_name();
  std::string text = whose + ": " + why.what();
  if (dynamic_cast<const CLI::ExtrasError*>(&why) != nullptr)
    text += " (a name that begins with - stands behind --)";
  return text + "\n" + whose + " --help tells more\n";
}

/// CLI11 says of one that it does not know only that one is required.
bool has_subcommand(const CLI::App& app, std::string_view name) {
  const auto named =
      app.get_subcommands([name](const CLI::App* sub) { return sub->get_name() == name; });
  return !named.empty();
}

} // namespace

int main(int argc, char* argv[]) {
  hold_standard_streams();
  std::signal(SIGXFSZ, SIG_IGN); // a file that may not grow is an error like any other
  CLI::App app{"flok: reactive, paged, persistent memory", "flok"};
  app.require_subcommand(1);
  app.failure_message(refusal);
  app.set_version_flag("--version", "flok " FLOK_VERSION, "Print the version and end");
  app.footer("Example:\n  echo '{\"op\":\"stats\"}' | flok shell --config services.json\n\n"
             "flok SUBCOMMAND --help tells more.");
  const auto print_man_page = [&app] {
    std::fputs(man_page(app, FLOK_VERSION).c_str(), stdout);
    throw CLI::Success{};
  };
  app.add_flag_callback("--man-page", print_man_page)->group(""); // for the build
  std::function<int()> chosen;
  add_shell(app, chosen);
  add_serve(app, chosen);
  add_import(app, chosen);
  add_store_commands(app, chosen);
  if (argc > 1 && argv[1][0] != '-' && !has_subcommand(app, argv[1])) {
    std::fprintf(stderr, "flok: no subcommand is called %s; flok --help lists them\n",
                 readable(argv[1]).c_str());
    return exit_usage;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? exit_ok : exit_usage;
  }
  return chosen();
}
