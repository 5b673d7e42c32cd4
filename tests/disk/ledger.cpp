#include "tests/disk/ledger.hpp"

#include <algorithm>

namespace flok::testing {

json plain(json page) {
  page.erase("_hash");
  for (const char* pointer : {"_head", "_next", "_prev"})
    page[pointer] = page.value(pointer, json{});
  for (json& entry : page["entries"])
    entry.erase("_sig");
  return page;
}

std::string unsound(const json& page) {
  for (const json& entry : page.at("entries"))
    if (!looks_generated(entry.value("_sig", "")))
      return "an entry without its signature";
  return page.at("_hash") == expected_hash(page) ? ""
                                                 : "its hash is not that of its entries";
}

ledger::history& ledger::versions(const page_key& key) {
  history& all = pages_[key];
  if (all.empty())
    all.emplace_back();
  return all;
}

void ledger::sent(op_number op, const std::vector<page_change>& together) {
  for (const page_change& change : together) {
    page_state state = change.state ? page_state{plain(*change.state)} : page_state{};
    versions(change.key).push_back({op, std::move(state), {}});
    if (together.size() > 1)
      together_[op].push_back(change.key);
  }
}

void ledger::answered(op_number op, const std::string& hash) {
  for (auto& [key, all] : pages_)
    for (version& v : all)
      if (v.op == op)
        v.hash = hash;
}

void ledger::paged_out(op_number op) { safe_before_ = std::max(safe_before_, op); }

page_state ledger::latest(const page_key& key) const {
  const auto known = pages_.find(key);
  return known == pages_.end() ? page_state{} : known->second.back().state;
}

std::optional<ledger::range> ledger::look_up(const history& all,
                                             const page_state& found) const {
  const page_state seen = found ? page_state{plain(*found)} : page_state{};
  std::optional<range> result;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].state != seen)
      continue;
    if (!result)
      result = range{i, i};
    result->last = i;
  }
  return result;
}

std::string ledger::fault(const history& all, const page_state& found,
                          const std::optional<range>& which) const {
  if (!which && all.size() == 1 && !all.front().state)
    return "nobody wrote this page: " + found->dump();
  if (!which)
    return found ? "no version that was written: " + found->dump() : "the page is gone";
  std::size_t oldest = 0;
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i].op < safe_before_)
      oldest = i;
  if (which->last < oldest)
    return "version " + std::to_string(which->last) + ", although version " +
           std::to_string(oldest) + " was paged out" + (found ? "" : " (no page is there)");
  if (!found)
    return "";
  const std::string& hash = all[which->last].hash;
  if (!hash.empty() && found->at("_hash") != hash)
    return "its hash is not the one that was answered";
  return unsound(*found);
}

/// Ops that reached the disk in part: one of their pages is older, another is not.
strings ledger::torn(const std::map<page_key, range>& ranges) const {
  strings faults;
  for (const auto& [op, keys] : together_) {
    bool some = false;
    bool missing = false;
    for (const page_key& key : keys) {
      const auto which = ranges.find(key);
      if (which == ranges.end())
        continue;
      const history& all = pages_.at(key);
      const auto at = std::find_if(all.begin(), all.end(),
                                   [op = op](const version& v) { return v.op == op; });
      const auto index = static_cast<std::size_t>(at - all.begin());
      some = some || which->second.first >= index;
      missing = missing || which->second.last < index;
    }
    if (some && missing)
      faults.push_back("op " + std::to_string(op) + " is on disk in part");
  }
  return faults;
}

strings ledger::settle(const std::map<page_key, page_state>& found) {
  strings faults;
  std::map<page_key, range> ranges;
  for (const auto& [key, state] : found) {
    const history& all = versions(key);
    const auto which = look_up(all, state);
    if (which)
      ranges.emplace(key, *which);
    if (const std::string wrong = fault(all, state, which); !wrong.empty())
      faults.push_back(key.ns + "/" + key.id + ": " + wrong);
  }
  for (const auto& [key, all] : pages_)
    if (found.count(key) == 0)
      faults.push_back(key.ns + "/" + key.id + ": was not looked for");
  for (std::string& fault : torn(ranges))
    faults.push_back(std::move(fault));
  pages_.clear();
  together_.clear();
  for (const auto& [key, state] : found)
    if (state)
      pages_[key] = {{0, plain(*state), {}}};
  return faults;
}

} // namespace flok::testing
