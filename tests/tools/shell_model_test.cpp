// Random runs of `flok shell` against a model of maps: ops are sent without waiting, and
// every answer and every event has to be what they bring one by one, in order of input.
#include <array>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <sstream>

#include "tests/catch.hpp"
#include "tests/tools/shell_model.hpp"

using namespace flok::testing;

namespace {

/// One run: the shell, its model, and the dice.
class random_run {
public:
  random_run(std::uint64_t seed, bool kept) : rng_(seed), model_(kept), kept_(kept) {
    for (int& weight : weights_) {
      weight = pick(4); // some ops do not happen in this run
    }
    start();
  }

  void window();
  void restart();

private:
  struct sent_op {
    json op;
    expected_answer answer;
  };

  void start();
  int pick(int below) { return static_cast<int>(rng_() % static_cast<unsigned>(below)); }
  std::string pick_of(const strings& list) {
    return list[static_cast<std::size_t>(pick(static_cast<int>(list.size())))];
  }

  json some_op();
  json some_page(const std::string& id);
  json some_entry(const std::string& name, bool named);
  json some_edit(const std::string& ns, const std::string& id);
  json one_edit(bool hash, int size);

  bool is_page(const json& actual, const model_page& wanted);
  bool is_entry(const json& actual, const json& wanted);
  bool are_events(const std::vector<json>& actual,
                  const std::vector<expected_event>& wanted);
  std::optional<std::string> hash_of(model_page page) const;
  void check_events();
  std::string fault_of(const sent_op& sent, const json& answer);
  void check_log();

  std::mt19937_64 rng_;
  model model_;
  bool kept_;
  int fresh_ = 0;
  std::array<int, 8> weights_{};
  shell_home home_;
  std::optional<shell_process> shell_;
  std::map<std::string, std::string> made_; // canonical text -> signature
};

void random_run::start() {
  kept_ ? shell_.emplace(home_.config, home_.data) : shell_.emplace(home_.config);
}

void random_run::restart() {
  REQUIRE(shell_->finish().status == 0);
  model_.restart();
  start();
}

void random_run::window() {
  std::vector<sent_op> sent;
  for (int count = 1 + pick(250); count > 0; --count) {
    sent_op next{some_op(), {}};
    next.answer = model_.apply(next.op);
    next.op["tag"] = sent.size();
    shell_->send(next.op);
    sent.push_back(std::move(next));
  }
  shell_->must(op::simple("drain"));
  model_.settle();
  check_events();
  for (const sent_op& each : sent) {
    const json answer = shell_->reply(each.op.at("tag")).value;
    const std::string fault = fault_of(each, answer);
    INFO(each.op.dump() << " was answered with " << answer.dump());
    REQUIRE(fault == "");
  }
  check_log();
  REQUIRE(shell_->spare_answers() == 0);
}

json random_run::some_op() {
  const std::string who = pick_of({"ann", "bob", "cid", "dan"});
  std::string ns = pick_of({"user", "feed", "spec"});
  const std::string id = "p" + std::to_string(pick(5));
  int total = 1;
  for (const int weight : weights_) {
    total += weight;
  }
  int dice = pick(total);
  std::size_t kind = 0;
  while (kind < weights_.size() && dice >= weights_[kind]) {
    dice -= weights_[kind++];
  }
  const bool astray = pick(100) == 0 && model_.controllers.count(who) != 0;
  ns = astray ? "nowhere" : ns;
  switch (kind) {
  case 0:
    return pick(3) == 0 ? op::sync_watch(who, ns, id) : op::watch(who, ns, id);
  case 1:
    return op::unwatch(who, ns, id);
  case 2:
    return op::write(ns, some_page(id));
  case 3:
    return some_edit(ns, id);
  case 4:
    return op::read(ns, id);
  case 5:
    return op::read_sync(ns, id);
  case 6:
    return pick(4) == 0 ? op::disconnect(who) : op::controller(who);
  case 7:
    return op::simple(pick(20) == 0 ? "pageout" : "stats");
  default:
    return pick(4) == 0 ? op::simple("drain") : op::controller(who);
  }
}

/// An entry that says one of three things, with or without a signature of its own.
json random_run::some_entry(const std::string& name, bool named) {
  const int value = pick(3);
  json entry{{"n", value}};
  if (named) {
    entry["_id"] = name;
  }
  if (pick(2) == 0) {
    entry["_sig"] = name + "." + std::to_string(value);
  }
  return entry;
}

json random_run::some_page(const std::string& id) {
  const bool hash = pick(3) == 0;
  json page{{"_id", id}, {"_type", hash ? "hash" : "array"}};
  page["entries"] = hash ? json::object() : json::array();
  for (int entry = pick(3), end = entry + pick(4); entry < end; ++entry) {
    const std::string name = "e" + std::to_string(entry % 5);
    if (hash) {
      page["entries"][name] = some_entry(name, false);
    } else {
      page["entries"].push_back(some_entry(name, true));
    }
  }
  if (pick(4) == 0) {
    page[pick_of({"_head", "_next", "_prev"})] = pick_of({"p0", "p1"});
  }
  return page;
}

json random_run::one_edit(bool hash, int size) {
  json at = pick(size + (pick(10) == 0 ? 2 : 1));
  if (hash) {
    at = "e" + std::to_string(pick(6));
  }
  switch (pick(4)) {
  case 0:
    return {{pick_of({"head", "next", "prev"}), pick(2) == 0 ? json{} : json("p0")}};
  case 1:
    return {{"del", {{"at", at}}}};
  case 2:
    return {{"set", {{"at", at}, {"fields", {{"n", pick(3)}}}}}};
  default:
    json entry{{"n", pick(3)}};
    if (!hash) {
      entry["_id"] = "x" + std::to_string(fresh_++);
    }
    return {{"insert", {{"at", at}, {"entry", entry}}}};
  }
}

json random_run::some_edit(const std::string& ns, const std::string& id) {
  json op = op::edit(ns, id, json::array());
  const auto space = model_.spaces.find(ns);
  const bool there = space != model_.spaces.end() && !space->second[id].page.is_null();
  const model_page page = there ? space->second[id].page : model_page{};
  const bool hash = there ? page.at("_type") == "hash" : pick(2) == 0;
  if (pick(2) == 0) {
    op["create"] = hash ? "hash" : "array";
  }
  for (int count = 1 + pick(3); count > 0; --count) {
    op["edits"].push_back(
        one_edit(hash, there ? static_cast<int>(page.at("entries").size()) : 0));
  }
  return op;
}

/// Whether an entry is the model's; a signature that flok made has to be the same
/// whenever the content is.
bool random_run::is_entry(const json& actual, const json& wanted) {
  json left = actual;
  json right = wanted;
  left.erase("_sig");
  right.erase("_sig");
  const std::string signature = text(actual.at("_sig"));
  const std::string canonical = text(wanted.at("_sig"));
  if (left != right || canonical.front() != '=') {
    return left == right && signature == canonical;
  }
  return looks_generated(signature) &&
         made_.emplace(canonical, signature).first->second == signature;
}

bool random_run::is_page(const json& actual, const model_page& wanted) {
  const json& entries = actual.at("entries");
  bool same = entries.type() == wanted.at("entries").type() &&
              entries.size() == wanted.at("entries").size() &&
              text(actual.at("_hash")) == expected_hash(actual);
  for (const char* field : {"_id", "_type", "_head", "_next", "_prev"}) {
    same = same && actual.at(field) == wanted.at(field);
  }
  auto right = wanted.at("entries").begin();
  for (auto left = entries.begin(); same && left != entries.end(); ++left, ++right) {
    same = (!entries.is_object() || left.key() == right.key()) && is_entry(*left, *right);
  }
  return same;
}

/// Whether the events are the expected ones in their order, some of the optional ones
/// left out.
bool random_run::are_events(const std::vector<json>& actual,
                            const std::vector<expected_event>& wanted) {
  std::set<std::size_t> reached{0}; // how many of the expected may be behind us
  const auto skip_optional = [&] {
    for (const std::size_t at : reached) { // a set's later elements are visited, too
      if (at < wanted.size() && wanted[at].optional) {
        reached.insert(at + 1);
      }
    }
  };
  skip_optional();
  for (const json& event : actual) {
    std::set<std::size_t> next;
    for (const std::size_t at : reached) {
      if (at < wanted.size() && wanted[at].origins.count(text(event.at("origin"))) != 0 &&
          event.at("pending") == false && is_page(event.at("page"), wanted[at].page)) {
        next.insert(at + 1);
      }
    }
    reached = next;
    skip_optional();
  }
  return reached.count(wanted.size()) != 0;
}

/// Both lists as text, for a person who looks for the difference.
std::string event_lists(const std::vector<json>& actual,
                        const std::vector<expected_event>& wanted) {
  std::ostringstream text;
  for (const expected_event& event : wanted) {
    text << (event.optional ? "may come: " : "must come: ") << event.page << "\n";
  }
  for (const json& event : actual) {
    text << "came from " << event.at("origin") << ": " << event.at("page") << "\n";
  }
  return text.str();
}

void random_run::check_events() {
  std::map<std::vector<std::string>, std::vector<json>> heard;
  for (const output_line& line : shell_->take_events()) {
    REQUIRE(text(line.value.at("event")) == "read_res");
    heard[{text(line.value.at("controller")), text(line.value.at("ns")),
           text(line.value.at("id"))}]
        .push_back(line.value);
  }
  for (const auto& [key, list] : heard) {
    model_.events[key]; // what nobody expects is compared with nothing
  }
  for (const auto& [key, wanted] : model_.events) {
    INFO(key[0] << " watches " << key[1] << "/" << key[2]);
    const bool right = are_events(heard[key], wanted);
    INFO((right ? "" : event_lists(heard[key], wanted)));
    REQUIRE(right);
  }
  model_.events.clear();
}

/// A page's hash, where all signatures in it have been seen.
std::optional<std::string> random_run::hash_of(model_page page) const {
  for (json& entry : page["entries"]) {
    const std::string signature = text(entry.at("_sig"));
    const auto made = made_.find(signature);
    if (signature.front() == '=' && made == made_.end()) {
      return std::nullopt;
    }
    entry["_sig"] = signature.front() == '=' ? made->second : signature;
  }
  return expected_hash(page);
}

/// What is wrong with an answer, "" where nothing is.
std::string random_run::fault_of(const sent_op& sent, const json& answer) {
  const expected_answer& wanted = sent.answer;
  if (code_of(answer) != wanted.code) {
    return "it should be " + (wanted.code.empty() ? "a success" : wanted.code);
  }
  if (!wanted.code.empty()) {
    return "";
  }
  if (answer.at("reply") != sent.op.at("op")) {
    return "it names another op";
  }
  if (wanted.page && answer.contains("hash")) {
    const std::string hash = hash_of(*wanted.page).value_or(text(answer.at("hash")));
    const bool right = answer.at("id") == wanted.page->at("_id");
    return right && answer.at("hash") == hash ? "" : "the hash should be " + hash;
  }
  if (wanted.page) {
    return is_page(answer.at("page"), *wanted.page) ? "" : "not " + wanted.page->dump();
  }
  json merged = answer;
  merged.merge_patch(wanted.figures.is_null() ? json::object() : wanted.figures);
  return merged == answer ? "" : "the figures should be " + wanted.figures.dump();
}

/// The recording pager was told what the model says, page by page.
void random_run::check_log() {
  const json log = shell_->must(op::log("spec"));
  std::map<std::string, std::vector<json>> written;
  std::map<std::string, int> watched;
  std::map<std::string, int> unwatched;
  for (const json& watch : log.at("watch")) {
    ++watched[text(watch.at("id"))];
  }
  for (const json& id : log.at("unwatch")) {
    ++unwatched[text(id)];
  }
  for (const json& page : log.at("write")) {
    written[text(page.at("_id"))].push_back(page);
  }
  for (const auto& [id, slot] : model_.spaces["spec"]) {
    INFO("spec/" << id);
    REQUIRE(watched[id] == slot.watched);
    REQUIRE(unwatched[id] == slot.unwatched);
    REQUIRE(written[id].size() == slot.written.size());
    for (std::size_t at = 0; at < written[id].size(); ++at) {
      REQUIRE(is_page(written[id][at], slot.written[at]));
    }
  }
}

void run_seeds(std::uint64_t first, std::uint64_t last, bool kept) {
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    INFO("seed " << seed);
    random_run run{seed, kept};
    for (int window = 0; window < 8; ++window) {
      INFO("window " << window);
      run.window();
      if (kept && window % 2 == 1) {
        run.restart();
      }
    }
  }
}

} // namespace

TEST_CASE("model: random ops in memory do what they do one by one", "[shell][model]") {
  run_seeds(1, 10, false);
}

TEST_CASE("model: random ops over disk and restarts do, too", "[shell][model]") {
  run_seeds(11, 20, true);
}
