#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include <CLI/CLI.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include "examples/demo/demo.hpp"

namespace demo {

const std::vector<source>& sources() {
  static const std::vector<source> all = {
      {"countries", "iso_3166-1.json", "/3166-1", "alpha_3"},
      {"subdivisions", "iso_3166-2.json", "/3166-2", "code"},
      {"languages", "iso_639-3.json", "/639-3", "alpha_3"},
  };
  return all;
}

std::vector<flok::page_ptr> follow(flok::system& sys, const std::string& list) {
  std::vector<flok::page_ptr> pages;
  for (std::optional<std::string> id = list; id;) {
    auto page = sys.read(ns, *id);
    if (!page)
      throw std::runtime_error{*id + ": " + page.error().message};
    pages.push_back(*page);
    id = (*page)->next();
  }
  return pages;
}

std::uint64_t edited_entries(const flok::page& p) {
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < p.size(); ++i)
    count += p.member(i, edited_field) ? 1 : 0;
  return count;
}

std::unique_ptr<flok::system> start(const std::string& folder) {
  auto sys = flok::open({folder + "/services.json", {}, {}}, flok::builtin_pagers());
  if (!sys)
    throw std::runtime_error{sys.error().message};
  return std::move(*sys);
}

} // namespace demo

namespace {

struct arguments {
  std::string tool;
  std::string iso_codes = "/usr/share/iso-codes/json";
  std::string data;
  std::string phase;
  std::int64_t began_ns = 0;
};

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// Runs a program to its end and gives what it printed; throws where it failed.
std::string run(const std::vector<std::string>& words) {
  int ends[2];
  if (::pipe(ends) != 0)
    throw std::runtime_error{"no pipe"};
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    ::close(ends[0]);
    ::close(ends[1]);
    std::vector<char*> argv;
    for (const auto& word : words)
      argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  ::close(ends[1]);
  std::string text;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(got));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (child < 0 || status != 0)
    throw std::runtime_error{words.front() + " failed"};
  return text;
}

/// Imports all lists with the tool; gives the milliseconds that took.
double import_all(const arguments& a) {
  std::ofstream{a.data + "/services.json"}
      << R"({"pagers": [{"name": "mem", "namespace": ")" << demo::ns
      << R"("}], "storage": {"path": "pages"}})" << '\n';
  const auto begin = now_ns();
  for (const auto& s : demo::sources())
    std::fputs(run({a.tool, "import", "--config", a.data + "/services.json", "--ns",
                    demo::ns, "--list", s.list, "--pointer", s.pointer, "--id-field",
                    s.id_field, a.iso_codes + "/" + s.file})
                   .c_str(),
               stdout);
  return static_cast<double>(now_ns() - begin) / 1e6;
}

/// Whether the process after the edits found all that the one before had.
bool nothing_lost(const demo::edit_figures& e, const demo::restart_figures& r) {
  demo::list_figures sum;
  for (const auto& l : e.lists) {
    sum.pages += l.pages;
    sum.entries += l.entries;
    sum.edited += l.edited;
  }
  return r.from_disk && sum.pages == r.pages && sum.entries == r.entries &&
         sum.edited == r.edited && sum.edited != 0;
}

int run_all(const arguments& a, const std::string& self) {
  std::filesystem::create_directories(a.data);
  const double import_ms = import_all(a);
  std::puts(
      "A process watches all pages from several controllers, edits, and pages out ...");
  const auto edits =
      demo::edit_figures_of(run({self, "--data", a.data, "--phase", "edit"}));
  std::puts("It has ended. A new one watches the same pages ...");
  const auto restart = demo::restart_figures_of(run(
      {self, "--data", a.data, "--phase", "restart", "--began", std::to_string(now_ns())}));
  demo::print_table(edits, restart, import_ms);
  if (nothing_lost(edits, restart))
    return 0;
  std::fputs("flok-demo: what the second process found is not what the first one had\n",
             stderr);
  return 1;
}

} // namespace

int main(int argc, char* argv[]) {
  CLI::App app{"Shows flok at work on the lists of Debian's iso-codes"};
  arguments a;
  app.add_option("--tool", a.tool, "the flok tool");
  app.add_option("--iso-codes", a.iso_codes, "folder of the lists")->capture_default_str();
  app.add_option("--data", a.data, "folder to keep pages in")->required();
  app.add_option("--phase", a.phase, "one process's part: edit or restart");
  app.add_option("--began", a.began_ns, "when that process was begun, on the steady clock");
  CLI11_PARSE(app, argc, argv);
  try {
    if (a.phase == "edit")
      std::puts(demo::to_json(demo::run_edit_phase(a.data)).c_str());
    else if (a.phase == "restart")
      std::puts(demo::to_json(demo::run_restart_phase(a.data, a.began_ns)).c_str());
    else
      return run_all(a, std::filesystem::read_symlink("/proc/self/exe"));
  } catch (const std::exception& e) {
    std::fprintf(stderr, "flok-demo: %s\n", e.what());
    return 1;
  }
  return 0;
}
