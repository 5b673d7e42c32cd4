// What `flok shell` has to do, as plain maps: the model of the random runs.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/tools/shell_process.hpp"

namespace flok::testing {

/// A page as the model has it: `_hash` left out, and in place of a signature that flok
/// makes the canonical text that it is made of, after a "=".
using model_page = json;

/// Where a page is. `loading` is anything between a first access to disk and a drain.
enum class place { absent, disk, loading, resident };

struct model_slot {
  model_page page;
  place at = place::absent;
  bool dirty = false;
  std::set<std::string> watchers;
  // What the recording pager is told.
  int watched = 0;
  int unwatched = 0;
  std::vector<model_page> written;
};

struct expected_event {
  model_page page;
  std::set<std::string> origins;
  bool optional = false; // a load under way that the watcher need not wait for
};

struct expected_answer {
  std::string code; // "" where the op succeeds
  std::optional<model_page> page;
  json figures; // of stats and pageout
};

/// What the ops of the shell do, one by one, in maps. The namespaces are those of
/// `shell_home`; a run with `kept` has a data folder.
class model {
public:
  explicit model(bool kept) : kept_(kept) {}

  /// Does an op, adds to `events` what it makes watchers hear, and tells its answer.
  expected_answer apply(const json& op);
  /// All loads are done.
  void settle();
  /// A new process over the same data folder.
  void restart();

  std::map<std::string, std::map<std::string, model_slot>> spaces{
      {"user", {}}, {"feed", {}}, {"spec", {}}};
  std::set<std::string> controllers;
  /// By controller, namespace and id.
  std::map<std::vector<std::string>, std::vector<expected_event>> events;

private:
  expected_answer watch(const json& op, model_slot& slot);
  expected_answer read(model_slot& slot);
  expected_answer edit(const json& op, model_slot& slot);
  expected_answer store(const std::string& ns, model_slot& slot, model_page page);
  expected_answer pageout();
  expected_answer stats() const;
  void leave(const std::string& who, const std::string& ns, const std::string& id);
  void disconnect(const std::string& who);

  bool kept_;
  bool paged_out_ = false; // since the last drain
};

} // namespace flok::testing
