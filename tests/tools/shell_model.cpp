#include "tests/tools/shell_model.hpp"

#include <utility>

namespace flok::testing {

namespace {

/// Signs an entry as flok would: by its content.
void sign(json& entry) {
  entry.erase("_sig");
  entry["_sig"] = "=" + entry.dump();
}

expected_answer failed(const char* code) { return {code, {}, {}}; }

/// One edit on a page; false where its index or key is bad.
bool edit_one(model_page& page, const json& edit) {
  for (const auto& [name, pointer] :
       {std::pair{"head", "_head"}, {"next", "_next"}, {"prev", "_prev"}}) {
    if (edit.contains(name)) {
      page[pointer] = edit.at(name);
      return true;
    }
  }
  json& entries = page["entries"];
  const std::string kind = edit.begin().key();
  const json& body = edit.begin().value();
  const json& at = body.at("at");
  const bool known =
      at.is_string() ? entries.contains(text(at)) : at.get<std::size_t>() < entries.size();
  const bool end = at.is_number() && at == entries.size();
  if (!known && (kind != "insert" || (at.is_number() && !end))) {
    return false;
  }
  if (kind == "insert") {
    json entry = body.at("entry");
    sign(entry);
    if (at.is_string()) {
      entries[text(at)] = entry;
    } else {
      entries.insert(entries.begin() + at.get<std::ptrdiff_t>(), entry);
    }
  } else if (kind == "set") {
    json& entry = at.is_string() ? entries[text(at)] : entries[at.get<std::size_t>()];
    entry.update(body.at("fields"));
    sign(entry);
  } else if (at.is_string()) {
    entries.erase(text(at));
  } else {
    entries.erase(at.get<std::size_t>());
  }
  return true;
}

/// A page of the input as the model has it.
model_page understood(model_page page) {
  for (const char* pointer : {"_head", "_next", "_prev"}) {
    page[pointer] = page.value(pointer, json{});
  }
  for (json& entry : page["entries"]) {
    if (!entry.contains("_sig")) {
      sign(entry);
    }
  }
  return page;
}

/// What makes a page another one: all but the entries' fields.
json identity(model_page page) {
  for (json& entry : page["entries"]) {
    entry = json::array({entry.value("_id", ""), entry.at("_sig")});
  }
  return page;
}

} // namespace

expected_answer model::apply(const json& op) {
  const std::string name = text(op.at("op"));
  if (name == "controller") {
    controllers.insert(text(op.at("controller")));
    return {};
  }
  if (name == "pageout" || name == "stats" || name == "drain") {
    return name == "pageout" ? pageout() : name == "stats" ? stats() : expected_answer{};
  }
  if (op.contains("controller") && controllers.count(text(op.at("controller"))) == 0) {
    return failed("unknown_controller");
  }
  if (name == "disconnect") {
    disconnect(text(op.at("controller")));
    return {};
  }
  const std::string ns = text(op.at("ns"));
  if (spaces.count(ns) == 0) {
    return failed("unknown_namespace");
  }
  const std::string id = text(name == "write" ? op.at("page").at("_id") : op.at("id"));
  model_slot& slot = spaces[ns][id];
  if (name == "unwatch") {
    leave(text(op.at("controller")), ns, id);
    return {};
  }
  if (name == "watch") {
    return watch(op, slot);
  }
  if (name == "edit") {
    return edit(op, slot);
  }
  return name == "write" ? store(ns, slot, understood(op.at("page"))) : read(slot);
}

expected_answer model::watch(const json& op, model_slot& slot) {
  const std::string who = text(op.at("controller"));
  const bool first = slot.watchers.empty();
  if (slot.watchers.insert(who).second) {
    slot.watched += first ? 1 : 0;
    static const std::map<place, std::set<std::string>> origins{
        {place::disk, {"disk"}},
        {place::loading, {"cache", "disk"}},
        {place::resident, {"cache"}}};
    if (slot.at != place::absent) {
      events[{who, text(op.at("ns")), text(op.at("id"))}].push_back(
          {slot.page, origins.at(slot.at)});
    }
  }
  slot.at = slot.at == place::disk ? place::loading : slot.at;
  const bool fails = op.contains("sync") && slot.at == place::absent;
  return fails ? failed("no_such_page") : expected_answer{};
}

expected_answer model::read(model_slot& slot) {
  if (slot.at == place::absent) {
    return failed("no_such_page");
  }
  slot.at = slot.at == place::disk ? place::loading : slot.at;
  return {"", slot.page, {}};
}

expected_answer model::edit(const json& op, model_slot& slot) {
  model_page page = slot.page;
  if (slot.at == place::absent) {
    if (!op.contains("create")) {
      return failed("no_such_page");
    }
    page = {{"_id", op.at("id")}, {"_type", op.at("create")}};
    page["entries"] = op.at("create") == "hash" ? json::object() : json::array();
    page = understood(page);
  }
  slot.at = slot.at == place::disk ? place::loading : slot.at;
  for (const json& edit : op.at("edits")) {
    if (!edit_one(page, edit)) {
      return failed("bad_index");
    }
  }
  return store(text(op.at("ns")), slot, page);
}

expected_answer model::store(const std::string& ns, model_slot& slot, model_page page) {
  slot.written.push_back(page);
  if (slot.at != place::absent && identity(slot.page) == identity(page)) {
    slot.at = slot.at == place::disk ? place::loading : slot.at;
    return {"", page, {}};
  }
  slot.page = page;
  slot.at = place::resident;
  slot.dirty = true;
  for (const std::string& who : slot.watchers) {
    events[{who, ns, text(page.at("_id"))}].push_back({page, {"pager"}});
  }
  return {"", page, {}};
}

void model::leave(const std::string& who, const std::string& ns, const std::string& id) {
  model_slot& slot = spaces[ns][id];
  if (slot.watchers.erase(who) == 0) {
    return;
  }
  slot.unwatched += slot.watchers.empty() ? 1 : 0;
  for (expected_event& event : events[{who, ns, id}]) {
    event.optional = event.optional || event.origins.count("disk") != 0;
  }
}

void model::disconnect(const std::string& who) {
  for (auto& [ns, slots] : spaces) {
    for (auto& [id, slot] : slots) {
      leave(who, ns, id);
    }
  }
  controllers.erase(who);
}

expected_answer model::pageout() {
  std::int64_t written = 0;
  for (auto& [ns, slots] : spaces) {
    for (auto& [id, slot] : slots) {
      written += slot.dirty ? 1 : 0;
      slot.dirty = false;
    }
  }
  // A second one may find the first one's batches under way, and count them.
  const bool exact = kept_ && !std::exchange(paged_out_, true);
  return {"", {}, exact ? json{{"written", written}} : json{}};
}

expected_answer model::stats() const {
  json all;
  for (const auto& [ns, slots] : spaces) {
    std::map<std::string, int> sum{{"pages", 0}, {"watched", 0}, {"watchers", 0}};
    bool settled = true;
    for (const auto& [id, slot] : slots) {
      settled = settled && slot.at != place::loading;
      sum["pages"] += slot.at == place::resident ? 1 : 0;
      sum["dirty"] += slot.dirty ? 1 : 0;
      sum["watched"] += slot.watchers.empty() ? 0 : 1;
      sum["watchers"] += static_cast<int>(slot.watchers.size());
    }
    all[ns] = sum;
    for (const auto& [name, known] : {std::pair{"pages", settled}, {"dirty", kept_}}) {
      if (!known) {
        all[ns].erase(name);
      }
    }
  }
  return {"", {}, json{{"namespaces", all}}};
}

void model::settle() {
  paged_out_ = false;
  for (auto& [ns, slots] : spaces) {
    for (auto& [id, slot] : slots) {
      slot.at = slot.at == place::loading ? place::resident : slot.at;
    }
  }
}

void model::restart() {
  controllers.clear();
  for (auto& [ns, slots] : spaces) {
    for (auto& [id, slot] : slots) {
      const bool there = kept_ && slot.at != place::absent;
      slot = model_slot{there ? slot.page : model_page{},
                        there ? place::disk : place::absent,
                        false,
                        {},
                        0,
                        0,
                        {}};
    }
  }
}

} // namespace flok::testing
