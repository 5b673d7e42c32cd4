#include "tools/store_cli.hpp"

#include <charconv>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "tools/commands.hpp"
#include "tools/open_store.hpp"
#include "tools/store_commands.hpp"

namespace flok::tools {

namespace {

/// One subcommand being added: what all of them take, and how it is run.
template <class Arguments>
class command {
public:
  command(CLI::App& app, const char* name, const char* says, const char* example,
          std::function<int()>& chosen, int (*run)(const Arguments&))
      : app_{app.add_subcommand(name, says)} {
    data_ = app_->add_option("--data", args_->data, "data directory");
    config_ =
        app_->add_option("--config", args_->config,
                         "configuration file, whose storage.path is the data directory "
                         "where there is no --data");
    connect_ = app_->add_option("--connect", args_->connect, "socket of a running system")
                   ->excludes(data_)
                   ->excludes(config_);
    app_->add_flag("--json", args_->json, "print JSON");
    app_->footer(std::string{"Example:\n  "} + example);
    choose_ = [args = args_, run, &chosen] { chosen = [args, run] { return run(*args); }; };
    app_->callback(choose_);
  }

  [[nodiscard]] Arguments& arguments() const { return *args_; }

  /// It cannot work on a running system, for that reason.
  void needs_files(const std::string& why) {
    refuse(
        {connect_}, [connect = connect_] { return connect->count() != 0; }, why);
  }

  /// It works on nothing else.
  void needs_system(const std::string& why) {
    refuse(
        {data_, config_}, [connect = connect_] { return connect->count() == 0; }, why);
  }

  template <class Value>
  CLI::Option* option(const char* name, Value& value, const char* says) {
    return app_->add_option(name, value, says);
  }
  void flag(const char* name, bool& value, const char* says) {
    app_->add_flag(name, value, says);
  }

private:
  /// Those are not for this one: its help has nothing of them, but who gives them, or what
  /// is `wrong` else, is told why.
  void refuse(const std::vector<CLI::Option*>& hidden, std::function<bool()> wrong,
              const std::string& why) {
    for (auto* option : {data_, config_}) {
      connect_->remove_excludes(option);
      option->remove_excludes(connect_);
    }
    for (auto* option : hidden)
      option->group("");
    app_->callback([choose = choose_, hidden, wrong = std::move(wrong), why] {
      for (const auto* option : hidden)
        if (option->count() != 0 || wrong())
          throw CLI::ParseError{why, CLI::ExitCodes::ValidationError};
      choose();
    });
  }

  std::shared_ptr<Arguments> args_ = std::make_shared<Arguments>();
  CLI::App* app_;
  CLI::Option* data_;
  CLI::Option* config_;
  CLI::Option* connect_;
  std::function<void()> choose_;
};

/// CLI11 takes -1 for a large number.
std::string wrong_count(const std::string& text) {
  std::uint64_t count = 0;
  const auto* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, count);
  return read.ec == std::errc{} && read.ptr == end ? std::string{} : text + " is no count";
}

/// With what is no _hash nothing could ever be written.
std::string wrong_hash(const std::string& text) {
  std::uint32_t hash = 0;
  const auto* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, hash);
  const bool fits =
      read.ec == std::errc{} && read.ptr == end && text == std::to_string(hash);
  if (fits || text.empty() || text == "null")
    return {};
  return text + " is no _hash: that is a number such as 907060870, as get and put print it";
}

void add_looking(CLI::App& app, std::function<int()>& chosen) {
  command<ls_arguments> ls{app,
                           "ls",
                           "List namespaces, or the ids of the pages of one",
                           "flok ls user --data data --prefix news- --limit 10\n"
                           "  flok ls user --connect flok.sock",
                           chosen,
                           run_ls};
  auto* ns =
      ls.option("NS", ls.arguments().ns, "namespace; without it the namespaces are listed");
  ls.option("--prefix", ls.arguments().prefix, "only ids that begin so")->needs(ns);
  ls.option("--after", ls.arguments().after, "only ids that stand behind this")->needs(ns);
  ls.option("--limit", ls.arguments().limit, "at most so many")
      ->needs(ns)
      ->check(CLI::Validator{wrong_count, "UINT"});

  command<page_arguments> get{app,
                              "get",
                              "Print a page as JSON",
                              "flok get user news --data data >news.json\n"
                              "  flok get user news --connect flok.sock",
                              chosen,
                              run_get};
  get.option("NS", get.arguments().ns, "namespace")->required();
  get.option("ID", get.arguments().id, "the page's id")->required();

  command<store_arguments>{app,
                           "stat",
                           "Tell how large a store is, and who writes to it",
                           "flok stat --data data\n"
                           "  flok stat --connect flok.sock",
                           chosen,
                           run_stat};

  command<check_arguments> check{app,
                                 "check",
                                 "Look for damage, and for lists that do not hold together",
                                 "flok check --data data",
                                 chosen,
                                 run_check};
  check.option("NS", check.arguments().namespaces, "namespaces; without any, all");
  check.flag("--no-links", check.arguments().no_links,
             "leave lists alone: only parts of them are kept");
  check.needs_files("it looks at the files of a data directory, also beside a running "
                    "system: use --data");
}

void add_living(CLI::App& app, std::function<int()>& chosen) {
  const std::string why =
      "only a running system has news: give the socket of one that flok "
      "serve runs, with --connect";
  command<watch_arguments> watch{app,
                                 "watch",
                                 "Print what changes in a page, as it happens",
                                 "flok watch user news --connect flok.sock",
                                 chosen,
                                 run_watch};
  watch.option("NS", watch.arguments().ns, "namespace")->required();
  watch.option("ID", watch.arguments().id, "the page's id")->required();
  watch.flag("--color", watch.arguments().color, "in colour, also where it is no terminal");
  watch.needs_system(why);

  command<top_arguments> top{app,
                             "top",
                             "Show what a running system does, again and again",
                             "flok top --connect flok.sock",
                             chosen,
                             run_top};
  top.option("--interval", top.arguments().interval, "seconds from one table to the next")
      ->check(CLI::Validator{[](const std::string& text) {
                               double seconds =
                                   0; // "nan" reads as a number, and is in no range
                               const bool fits = CLI::detail::lexical_cast(text, seconds) &&
                                                 seconds >= 0.1 && seconds <= 3600;
                               return fits ? std::string{}
                                           : text + " not in range 0.1 to 3600";
                             },
                             "FLOAT in [0.1 - 3600]"})
      ->capture_default_str();
  top.flag("--once", top.arguments().once, "one table, and end");
  top.needs_system(why);
}

void add_backup(CLI::App& app, std::function<int()>& chosen) {
  command<dump_arguments> dump{app,
                               "dump",
                               "Print namespaces as a backup, one line a page",
                               "flok dump --data data >backup.ndjson\n"
                               "  flok dump user --connect flok.sock >user.ndjson",
                               chosen,
                               run_dump};
  dump.option("NS", dump.arguments().namespaces, "namespaces; without any, all");

  command<load_arguments> load{app,
                               "load",
                               "Write the pages of a backup into a store",
                               "flok load backup.ndjson --data data\n"
                               "  flok load user.ndjson --connect flok.sock",
                               chosen,
                               run_load};
  load.option("FILE", load.arguments().file, "a dump; - or nothing: standard input");
}

void add_changing(CLI::App& app, std::function<int()>& chosen) {
  command<put_arguments> put{app,
                             "put",
                             "Write a page, given as JSON",
                             "flok put user news.json --data data --if-hash 907060870\n"
                             "  flok put user news.json --connect flok.sock",
                             chosen,
                             run_put};
  put.option("NS", put.arguments().ns, "namespace")->required();
  put.option("FILE", put.arguments().file, "the page; - or nothing: standard input");
  put.option("--if-hash", put.arguments().if_hash,
             "only where the stored page has this _hash, or, for null, where there is none")
      ->check(CLI::Validator{wrong_hash, "HASH"});
  put.flag("--create", put.arguments().create,
           "make the namespace, and the store, where there is none");

  command<rm_arguments> rm{app,
                           "rm",
                           "Remove pages: all that are named, or none",
                           "flok rm user news news-1 --data data\n"
                           "  flok rm user news --connect flok.sock",
                           chosen,
                           run_rm};
  rm.option("NS", rm.arguments().ns, "namespace")->required();
  rm.option("ID", rm.arguments().ids, "ids of pages")->required();

  command<diff_arguments> diff{app,
                               "diff",
                               "Compare pages with a file, or with another store",
                               "flok diff user news news.json --data data\n"
                               "  flok diff user --data data --with flok.sock",
                               chosen,
                               run_diff};
  diff.option("NS", diff.arguments().ns, "namespace; without it, all");
  diff.option("ID", diff.arguments().id, "a page's id; without it, all of the namespace");
  diff.option("FILE", diff.arguments().file, "the page to compare with; -: standard input");
  diff.option("--with", diff.arguments().with,
              "the data directory, or the socket of a running system, to compare with");

  command<store_arguments> compact{app,
                                   "compact",
                                   "Give the data file's free pages back to the disk",
                                   "flok compact --data data",
                                   chosen,
                                   run_compact};
  compact.needs_files("it rewrites the file of a data directory that no system has "
                      "open: end it, and use --data");
}

} // namespace

void add_store_commands(CLI::App& app, std::function<int()>& chosen) {
  add_looking(app, chosen);
  add_living(app, chosen);
  add_backup(app, chosen);
  add_changing(app, chosen);
}

} // namespace flok::tools
