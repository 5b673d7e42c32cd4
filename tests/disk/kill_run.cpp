#include "tests/disk/kill_run.hpp"

#include <csignal>
#include <ctime>
#include <iterator>

#include <poll.h>

#include "tests/disk/power_cut.hpp"

namespace flok::testing {

namespace {

constexpr std::array<const char*, 2> namespaces{"user", "feed"};

/// Ids that no op writes.
constexpr int unwritten_ids = 3;

std::string id_of(int page) { return "page-" + std::to_string(page); }

/// No test waits for something this way: the moment of a kill is to be a random one.
void pause(int microseconds) {
  const timespec span{0, microseconds * 1000L};
  ::ppoll(nullptr, 0, &span, nullptr);
}

} // namespace

killed_directory::killed_directory(std::uint64_t seed, with how) : how_{how}, rng_{seed} {
  const auto one_of = [this](auto... values) {
    const std::array<int, sizeof...(values)> all{values...};
    return all.at(static_cast<std::size_t>(pick(static_cast<int>(all.size()))));
  };
  lives_ = 1 + pick(9);
  pages_ = one_of(1, 3, 10, 40);
  entries_ = one_of(1, 5, 30);
  filling_ = one_of(0, 20, 300, 3000);
  ops_ = one_of(1, 10, 60);
  rewrite_odds_ = one_of(10, 50, 1'000'000);
  edits_in_ten_ = one_of(0, 3, 9);
  longest_delay_ = one_of(1, 300, 3000, 10'000);
  write_config();
}

int killed_directory::pick(int below) {
  return static_cast<int>(rng_() % static_cast<std::uint64_t>(below));
}

void killed_directory::write_config() {
  json config{{"pagers", json::array()}};
  for (const char* ns : namespaces)
    config["pagers"].push_back({{"name", "mem"}, {"namespace", ns}});
  constexpr std::array intervals{1, 5, 50, 86'400'000, 86'400'000};
  constexpr std::array thresholds{1, 2, 10, 1'000'000, 1'000'000};
  config["pageout"] = {{"interval_ms", intervals.at(static_cast<std::size_t>(pick(5)))},
                       {"max_dirty", thresholds.at(static_cast<std::size_t>(pick(5)))}};
  config_ = dir_.write("services.json", config.dump());
}

// -- what is written
// -----------------------------------------------------------------------

page_key killed_directory::some_key() {
  return {one_in(2) ? namespaces[0] : namespaces[1], id_of(pick(pages_))};
}

/// Says which op made it, so that no two versions look alike.
json killed_directory::new_entry() {
  std::string filling = std::to_string(op_) + "/";
  while (filling.size() < static_cast<std::size_t>(filling_))
    filling += filling;
  filling.resize(static_cast<std::size_t>(pick(filling_ + 1)));
  return {{"op", op_}, {"filling", filling}};
}

json killed_directory::new_page(const page_key& key) {
  const bool ordered = one_in(2);
  json entries = ordered ? json::array() : json::object();
  for (int i = 1 + pick(entries_); i > 0; --i) {
    json entry = new_entry();
    if (ordered)
      entry["_id"] = std::to_string(i);
    ordered ? entries.push_back(entry) : void(entries[std::to_string(i)] = entry);
  }
  json page{{"_id", key.id}, {"_type", ordered ? "array" : "hash"}, {"entries", entries}};
  if (one_in(3))
    page["_next"] = std::to_string(op_);
  return page;
}

json killed_directory::edit_array(json& entries) {
  const int size = static_cast<int>(entries.size());
  const int kind = pick(3);
  if (size == 0 || kind == 0) {
    json entry = new_entry();
    entry["_id"] = "new-" + std::to_string(++entry_);
    const int at = pick(size + 1);
    entries.insert(entries.begin() + at, entry);
    return {{"insert", {{"at", at}, {"entry", entry}}}};
  }
  const int at = pick(size);
  if (kind == 1) {
    entries.erase(static_cast<std::size_t>(at));
    return {{"del", {{"at", at}}}};
  }
  const json fields = new_entry();
  entries[static_cast<std::size_t>(at)].update(fields);
  return {{"set", {{"at", at}, {"fields", fields}}}};
}

json killed_directory::edit_hash(json& entries) {
  const int kind = pick(3);
  if (entries.empty() || kind == 0) {
    const std::string key = std::to_string(1 + pick(entries_ + 3));
    const json entry = new_entry();
    entries[key] = entry;
    return {{"insert", {{"at", key}, {"entry", entry}}}};
  }
  const auto at = std::next(entries.begin(), pick(static_cast<int>(entries.size())));
  const std::string key = at.key();
  if (kind == 1) {
    entries.erase(key);
    return {{"del", {{"at", key}}}};
  }
  const json fields = new_entry();
  at.value().update(fields);
  return {{"set", {{"at", key}, {"fields", fields}}}};
}

/// Edits the page, and returns the edit.
json killed_directory::some_edit(json& page) {
  if (one_in(5)) {
    page["_next"] = nullptr;
    if (one_in(2))
      page["_next"] = std::to_string(op_);
    return {{"next", page["_next"]}};
  }
  json& entries = page["entries"];
  return entries.is_array() ? edit_array(entries) : edit_hash(entries);
}

killed_directory::planned_op killed_directory::plan_write(const page_key& key) {
  const json page = new_page(key);
  return {op::write(key.ns, page), {{key, page}}};
}

killed_directory::planned_op killed_directory::plan_edit(const page_key& key) {
  const page_state before = book_.latest(key);
  const char* kind = one_in(2) ? "array" : "hash";
  json page = before.value_or(json{{"_id", key.id}, {"_type", kind}});
  if (!before)
    page["entries"] = kind[0] == 'a' ? json::array() : json::object();
  json edits = json::array();
  for (int i = 1 + pick(3); i > 0; --i)
    edits.push_back(some_edit(page));
  json op = op::edit(key.ns, key.id, edits);
  if (!before)
    op["create"] = kind;
  return {op, {{key, page}}};
}

/// The one place that knows what ops there are. One that changes several pages together, or
/// deletes some, returns all of those changes; the rest of the run goes by them alone.
killed_directory::planned_op killed_directory::plan_op() {
  const page_key key = some_key();
  return pick(10) < edits_in_ten_ ? plan_edit(key) : plan_write(key);
}

// -- a life
// --------------------------------------------------------------------------------

void killed_directory::send_op(shell_process& shell) {
  ++op_;
  planned_op planned = plan_op();
  planned.op["tag"] = op_;
  book_.sent(op_, planned.changes);
  shell.send(planned.op);
  ++sent_lines_;
}

void killed_directory::send_all(shell_process& shell) {
  const char* ns = one_in(2) ? namespaces[0] : namespaces[1];
  for (int page = 0; page < pages_; ++page) {
    ++op_;
    planned_op planned = plan_write({ns, id_of(page)});
    planned.op["tag"] = op_;
    book_.sent(op_, planned.changes);
    shell.send(planned.op);
    ++sent_lines_;
  }
}

void killed_directory::send_pageout(shell_process& shell) {
  json op = op::simple("pageout");
  op["tag"] = ++op_;
  shell.send(op);
  ++sent_lines_;
}

void killed_directory::note(const json& line) {
  const auto tag = line.value("tag", std::uint64_t{0});
  if (line.value("reply", "") == "pageout")
    book_.paged_out(tag);
  else if (line.contains("reply"))
    book_.answered(tag, line.value("hash", ""));
  else
    faults_.push_back("the shell said " + line.dump());
}

/// Reads some of the answers, or waits for none, and then a little longer.
void killed_directory::await_moment(shell_process& shell) {
  const int answers = one_in(8) ? 0 : 1 + pick(sent_lines_);
  bool pageout_last = false;
  for (int read = 0; read < answers; ++read) {
    const json line = shell.next().value;
    note(line);
    pageout_last = line.value("reply", "") == "pageout";
  }
  constexpr int start_takes = 30'000;
  if (answers == 0)
    pause(pick(start_takes));
  else if (!pageout_last || one_in(2)) // else at once: what it promised must be there
    pause(pick(longest_delay_));
}

strings killed_directory::live_and_die() {
  faults_.clear();
  sent_lines_ = 0;
  if (how_ == with::power) {
    check_in_new_process(); // makes the directory, where this is the first life
    const power_cut cut{config_, data_};
    write_and_die(*cut.start());
    cut.strike(rng_);
  } else {
    shell_process shell{config_, data_};
    write_and_die(shell);
  }
  check_in_new_process();
  return faults_;
}

void killed_directory::write_and_die(shell_process& shell) {
  if (one_in(2))
    check(shell); // all is in memory then; else edits begin with a load
  for (int waves = 1 + pick(6); waves > 0; --waves) {
    for (int ops = 1 + pick(ops_); ops > 0; --ops)
      one_in(rewrite_odds_) ? send_all(shell) : send_op(shell);
    send_pageout(shell);
  }
  await_moment(shell);
  const ending end = shell.kill();
  if (end.status != 128 + SIGKILL)
    faults_.push_back("it ended by itself: " + end.errors);
  for (const std::string& line : end.output)
    note(json::parse(line));
}

void killed_directory::check_in_new_process() {
  shell_process shell{config_, data_};
  check(shell);
  if (one_in(2))
    return; // and killed
  const ending end = shell.finish();
  if (end.status != 0)
    faults_.push_back("the reader ended with " + std::to_string(end.status) + ": " +
                      end.errors);
}

/// Reads every page that there may be, and some that there may not.
void killed_directory::check(shell_process& shell) {
  std::map<page_key, json> tags;
  for (const char* ns : namespaces)
    for (int page = 0; page < pages_ + unwritten_ids; ++page) {
      json op = op::read(ns, id_of(page));
      op["tag"] = json::array({ns, page});
      shell.send(op);
      tags.emplace(page_key{ns, id_of(page)}, op["tag"]);
    }
  std::map<page_key, page_state> found;
  for (const auto& [key, tag] : tags) {
    const json answer = shell.reply(tag).value;
    const std::string code = code_of(answer);
    found[key] = code.empty() ? page_state{answer.at("page")} : page_state{};
    if (!code.empty() && code != "no_such_page")
      faults_.push_back(key.ns + "/" + key.id + ": " + answer.dump());
  }
  for (const output_line& event : shell.take_events())
    faults_.push_back("the shell said " + event.raw);
  for (std::string& fault : book_.settle(found))
    faults_.push_back(std::move(fault));
}

} // namespace flok::testing
