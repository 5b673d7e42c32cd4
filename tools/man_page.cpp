#include "tools/man_page.hpp"

#include <string_view>

#include <CLI/CLI.hpp>

namespace flok::tools {

namespace {

/// Text as roff prints it: no character of it is a command.
std::string roff(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool starts_line = i == 0 || text[i - 1] == '\n';
    if (starts_line && (text[i] == '.' || text[i] == '\''))
      out += "\\&";
    if (text[i] == '\\')
      out += "\\e";
    else if (text[i] == '-')
      out += "\\-";
    else if (text[i] == '\'')
      out += "\\(aq";
    else
      out += text[i];
  }
  return out;
}

std::string bold(std::string_view text) { return "\\fB" + roff(text) + "\\fR"; }
std::string italic(std::string_view text) { return "\\fI" + roff(text) + "\\fR"; }

std::string sentence(std::string text) {
  return text.empty() || text.back() == '.' ? text : text + ".";
}

/// What stands for an option's value.
std::string value_of(const CLI::Option& option) {
  if (option.get_items_expected_max() == 0)
    return {};
  return " " + italic(option.get_type_name());
}

/// Its names, and what stands for its value: "\fB\-\-limit\fR \fIUINT\fR".
std::string name_of(const CLI::Option& option) {
  if (option.get_positional())
    return italic(option.get_name(true));
  std::string names;
  for (const auto& name : option.get_snames())
    names += (names.empty() ? "" : ", ") + bold("-" + name);
  for (const auto& name : option.get_lnames())
    names += (names.empty() ? "" : ", ") + bold("--" + name);
  return names + value_of(option);
}

bool is_hidden(const CLI::Option& option) { return option.get_group().empty(); }

std::string synopsis_of(const CLI::App& command) {
  std::string line =
      ".PP\n" + bold("flok " + command.get_name()) + " [" + italic("OPTION") + "...]";
  for (const auto* option : command.get_options()) {
    if (!option->get_positional() || is_hidden(*option))
      continue;
    const bool many = option->get_items_expected_max() > 1;
    const auto name = italic(option->get_name(true)) + (many ? "..." : "");
    line += option->get_required() ? " " + name : " [" + name + "]";
  }
  return line + "\n";
}

std::string options_of(const CLI::App& app) {
  std::string text;
  for (const auto* option : app.get_options()) {
    if (is_hidden(*option))
      continue;
    auto says = option->get_description();
    if (option->get_required() && !option->get_positional())
      says += " (required)";
    if (!option->get_default_str().empty())
      says += " (default: " + option->get_default_str() + ")";
    text += ".TP\n" + name_of(*option) + "\n" + roff(sentence(says)) + "\n";
  }
  return text;
}

/// "Example:" and lines of it.
std::string example_of(const CLI::App& app) {
  const auto footer = app.get_footer();
  const auto begin = footer.find('\n');
  if (begin == std::string::npos)
    return {};
  return ".PP\nExample:\n.PP\n.EX\n" + roff(std::string_view{footer}.substr(begin + 1)) +
         "\n.EE\n";
}

/// Where the documentation is, is said from where flok is installed: that is chosen later.
constexpr std::string_view last_sections = R"(.SH EXIT STATUS
.TP
\fB0\fR
Done, or nothing found.
.TP
\fB1\fR
Failed, or found something:
.B check
a fault,
.B diff
a difference,
.B get
no page. Pages could not be kept, the output could not be written, or a running system ended
the connection.
.TP
\fB2\fR
Wrong usage or configuration, a store that cannot be opened, or a socket where nobody listens:
nothing was begun.
.B diff
gives 2 for all trouble, so that 1 always means a difference.
.PP
.BR shell ,
.BR serve ,
.B watch
and
.B top
end with 0 upon SIGINT or SIGTERM.
.SH SEE ALSO
The documentation in
.I )" FLOK_DOC_FOLDER R"(
under the prefix where flok is installed, such as
.I /usr
or
.IR /usr/local ,
above all
.I docs/tool.md
and
.IR docs/protocol.md .
)";

} // namespace

std::string man_page(const CLI::App& app, const std::string& version) {
  const auto commands = app.get_subcommands([](const CLI::App*) { return true; });
  std::string text =
      ".TH FLOK 1 \"\" \"flok " + version + "\" \"User Commands\"\n" +
      ".SH NAME\nflok \\- reactive, paged, persistent memory\n.SH SYNOPSIS\n";
  for (const auto* command : commands)
    text += synopsis_of(*command);
  text +=
      ".SH DESCRIPTION\n" +
      roff("flok runs pages of JSON that programs watch and write, speaks with a system "
           "that runs, and looks after its store. Each subcommand has its own options; "
           "those that take --connect work on a running system, by the Unix socket that "
           "its configuration names.") +
      "\n.SH OPTIONS\n" + options_of(app) + ".SH SUBCOMMANDS\n";
  for (const auto* command : commands)
    text += ".SS flok " + roff(command->get_name()) + "\n" +
            roff(sentence(command->get_description())) + "\n" + options_of(*command) +
            example_of(*command);
  return text + std::string{last_sections};
}

} // namespace flok::tools
