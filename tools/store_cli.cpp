#include "tools/store_cli.hpp"

#include <memory>

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
    app_->add_option("--data", args_->data, "data directory");
    app_->add_option("--config", args_->config,
                     "configuration file, whose storage.path is the data directory where "
                     "there is no --data");
    app_->add_flag("--json", args_->json, "print JSON");
    app_->footer(std::string{"Example:\n  "} + example);
    app_->callback(
        [args = args_, run, &chosen] { chosen = [args, run] { return run(*args); }; });
  }

  [[nodiscard]] Arguments& arguments() const { return *args_; }

  template <class Value>
  CLI::Option* option(const char* name, Value& value, const char* says) {
    return app_->add_option(name, value, says);
  }
  void flag(const char* name, bool& value, const char* says) {
    app_->add_flag(name, value, says);
  }

private:
  std::shared_ptr<Arguments> args_ = std::make_shared<Arguments>();
  CLI::App* app_;
};

void add_looking(CLI::App& app, std::function<int()>& chosen) {
  command<ls_arguments> ls{app,
                           "ls",
                           "List namespaces, or the ids of the pages of one",
                           "flok ls user --data data --prefix news- --limit 10",
                           chosen,
                           run_ls};
  auto* ns =
      ls.option("NS", ls.arguments().ns, "namespace; without it the namespaces are listed");
  ls.option("--prefix", ls.arguments().prefix, "only ids that begin so")->needs(ns);
  ls.option("--after", ls.arguments().after, "only ids that stand behind this")->needs(ns);
  ls.option("--limit", ls.arguments().limit, "at most so many")->needs(ns);

  command<page_arguments> get{
      app,    "get",  "Print a page as JSON", "flok get user news --data data >news.json",
      chosen, run_get};
  get.option("NS", get.arguments().ns, "namespace")->required();
  get.option("ID", get.arguments().id, "the page's id")->required();

  command<store_arguments>{app,
                           "stat",
                           "Tell how large a store is, and who writes to it",
                           "flok stat --data data",
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
}

void add_backup(CLI::App& app, std::function<int()>& chosen) {
  command<dump_arguments> dump{app,
                               "dump",
                               "Print namespaces as a backup, one line a page",
                               "flok dump --data data >backup.ndjson",
                               chosen,
                               run_dump};
  dump.option("NS", dump.arguments().namespaces, "namespaces; without any, all");

  command<load_arguments> load{app,
                               "load",
                               "Write the pages of a backup into a store",
                               "flok load backup.ndjson --data data",
                               chosen,
                               run_load};
  load.option("FILE", load.arguments().file, "a dump; - or nothing: standard input");
}

void add_changing(CLI::App& app, std::function<int()>& chosen) {
  command<put_arguments> put{app,
                             "put",
                             "Write a page, given as JSON",
                             "flok put user news.json --data data --if-hash 907060870",
                             chosen,
                             run_put};
  put.option("NS", put.arguments().ns, "namespace")->required();
  put.option("FILE", put.arguments().file, "the page; - or nothing: standard input");
  put.option(
      "--if-hash", put.arguments().if_hash,
      "only where the stored page has this _hash, or, for null, where there is none");
  put.flag("--create", put.arguments().create,
           "make the namespace, and the store, where there is none");

  command<rm_arguments> rm{app,
                           "rm",
                           "Remove pages: all that are named, or none",
                           "flok rm user news news-1 --data data",
                           chosen,
                           run_rm};
  rm.option("NS", rm.arguments().ns, "namespace")->required();
  rm.option("ID", rm.arguments().ids, "ids of pages")->required();

  command<diff_arguments> diff{app,
                               "diff",
                               "Compare pages with a file, or with another store",
                               "flok diff user news news.json --data data\n"
                               "  flok diff user --data data --with backup",
                               chosen,
                               run_diff};
  diff.option("NS", diff.arguments().ns, "namespace; without it, all");
  diff.option("ID", diff.arguments().id, "a page's id; without it, all of the namespace");
  diff.option("FILE", diff.arguments().file, "the page to compare with; -: standard input");
  diff.option("--with", diff.arguments().with, "the data directory to compare with");

  command<store_arguments>{app,
                           "compact",
                           "Give the data file's free pages back to the disk",
                           "flok compact --data data",
                           chosen,
                           run_compact};
}

} // namespace

void add_store_commands(CLI::App& app, std::function<int()>& chosen) {
  add_looking(app, chosen);
  add_backup(app, chosen);
  add_changing(app, chosen);
}

} // namespace flok::tools
