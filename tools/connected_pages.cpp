#include "tools/connected_pages.hpp"

#include <algorithm>
#include <charconv>
#include <deque>
#include <optional>
#include <span>

#include "runtime/codec.hpp"
#include "runtime/json_text.hpp"
#include "tools/open_store.hpp"
#include "tools/shell_client.hpp"
#include "tools/shell_lines.hpp"

namespace flok::tools {

namespace {

/// Ids that are asked for at once: each such question looks at all pages in memory.
constexpr std::uint64_t ids_at_once = 32'768;

/// Pages that are written at once; they are sent again when half of them are answered.
constexpr std::size_t writes_at_once = 256;

std::string in(std::string_view ns) { return field("ns", json::quoted(ns)); }

std::string page_fields(std::string_view ns, std::string_view id) {
  return in(ns) + field("id", json::quoted(id));
}

std::uint64_t number_of(std::string_view text) {
  std::uint64_t n = 0;
  std::from_chars(text.data(), text.data() + text.size(), n);
  return n;
}

/// What a read was answered with; no page where there is none.
expected<load_result> loaded(const shell_message& reply) {
  if (auto ok = reply.outcome(); !ok) {
    if (ok.error().code == errc::no_such_page)
      return load_result{};
    return failure(ok.error());
  }
  auto page = decode_page(reply["page"], checked::grammar);
  if (!page)
    return failure(page.error());
  load_result got;
  got.found.page = std::move(*page);
  got.found.pending = reply["pending"] == "true";
  return got;
}

/// What `stats` says of each namespace.
expected<std::vector<json::member>> namespaces_in(const shell_client& client,
                                                  const shell_message& stats) {
  auto all = json::members(stats["namespaces"]);
  return all ? all : client.no_flok("it says nothing of namespaces");
}

class connected_source : public page_source {
public:
  connected_source(std::string socket, std::unique_ptr<shell_client> client)
      : socket_{std::move(socket)}, client_{std::move(client)} {}

  const std::string& name() const override { return socket_; }
  std::string_view counted_where() const override { return " in memory"; }
  expected<std::vector<namespace_size>> namespaces() override;
  expected<std::string> figures(bool as_json) override;
  expected<load_result> load(std::string_view ns, std::string_view id) override;
  expected<std::vector<load_result>> load_all(std::string_view ns,
                                              std::span<const std::string> ids) override;
  expected<void> list(std::string_view ns, const id_range& range,
                      const store_view::id_visitor& visit) override;
  expected<void> scan(std::string_view ns, const id_range& range,
                      const store_view::page_visitor& visit) override;

private:
  /// Pages that are asked for together.
  struct question {
    std::uint64_t first; ///< tag; the others follow
    std::span<const std::string> ids;
    std::vector<load_result> found;
    std::size_t missing; ///< answers
    std::optional<error> failed;
  };

  expected<std::vector<std::string>> ids_of(std::string_view ns, const id_range& range);
  expected<void> ask_for(std::string_view op, std::string_view ns,
                         std::span<const std::string> ids);
  expected<question> first_answered();
  expected<bool> visit_first(const store_view::page_visitor& visit);
  expected<void> hear_out();
  expected<bool> visit_pages(std::string_view ns, std::span<const std::string> ids,
                             const store_view::page_visitor& visit);

  std::string socket_;
  std::unique_ptr<shell_client> client_;
  std::deque<question> questions_; ///< that are not answered wholly
};

expected<std::vector<namespace_size>> connected_source::namespaces() {
  const auto reply = client_->ask("stats");
  const auto all = reply ? namespaces_in(*client_, *reply) : failure(reply.error());
  if (!all)
    return failure(all.error());
  std::vector<namespace_size> sizes;
  for (const auto& each : *all) {
    const auto counts = shell_message::parse(std::string{each.value});
    if (!counts)
      return failure(counts.error());
    sizes.push_back(
        {each.key, number_of((*counts)["pages"]), number_of((*counts)["bytes"])});
  }
  std::sort(sizes.begin(), sizes.end(),
            [](const auto& a, const auto& b) { return a.ns < b.ns; });
  return sizes;
}

/// All that `stats` says of each namespace.
expected<std::string> connected_source::figures(bool as_json) {
  const auto reply = client_->ask("stats");
  const auto all = reply ? namespaces_in(*client_, *reply) : failure(reply.error());
  if (!all)
    return failure(all.error());
  if (as_json)
    return R"({"namespaces":)" + std::string{(*reply)["namespaces"]} + "}\n";
  std::string text;
  for (const auto& each : *all) {
    const auto counts = json::members(each.value);
    if (!counts)
      return failure(counts.error());
    text += (text.empty() ? "" : "\n") + readable(each.key) + "\n";
    for (const auto& count : *counts)
      if (json::kind_of(count.value) == json::kind::number)
        text += "  " + count.key +
                std::string(count.key.size() < 10 ? 10 - count.key.size() : 1, ' ') +
                std::string{count.value} + "\n";
  }
  return text;
}

expected<load_result> connected_source::load(std::string_view ns, std::string_view id) {
  const auto sent =
      client_->send("read_sync", page_fields(ns, id) + field("keep", "false"));
  const auto reply = sent ? client_->answer() : failure(sent.error());
  return reply ? loaded(*reply) : failure(reply.error());
}

expected<std::vector<std::string>> connected_source::ids_of(std::string_view ns,
                                                            const id_range& range) {
  const auto reply = client_->ask(
      "list", in(ns) + field("prefix", json::quoted(range.prefix)) +
                  field("after", json::quoted(range.after)) +
                  field("limit", std::to_string(std::min(range.limit, ids_at_once))));
  const auto texts = reply ? json::elements((*reply)["ids"]) : failure(reply.error());
  if (!texts)
    return failure(texts.error());
  std::vector<std::string> ids;
  ids.reserve(texts->size());
  for (const auto text : *texts) {
    auto id = json::string_value(text);
    if (!id || *id <= (ids.empty() ? range.after : ids.back()))
      return client_->no_flok("ids that do not ascend"); // or there would be no end
    ids.push_back(std::move(*id));
  }
  return ids;
}

expected<void> connected_source::list(std::string_view ns, const id_range& range,
                                      const store_view::id_visitor& visit) {
  for (auto rest = range; rest.limit != 0;) {
    const auto ids = ids_of(ns, rest);
    if (!ids)
      return failure(ids.error());
    for (const auto& id : *ids)
      if (!visit(id))
        return {};
    if (ids->size() < std::min(rest.limit, ids_at_once))
      return {};
    rest.limit -= ids->size();
    rest.after = ids->back();
  }
  return {};
}

/// Asks for pages by one of the operations that read them.
expected<void> connected_source::ask_for(std::string_view op, std::string_view ns,
                                         std::span<const std::string> ids) {
  question asked{0, ids, std::vector<load_result>(ids.size()), ids.size(), {}};
  for (const auto& id : ids) {
    const auto tag = client_->send(op, page_fields(ns, id) + field("keep", "false"));
    if (!tag)
      return failure(tag.error());
    asked.first = asked.first == 0 ? *tag : asked.first;
  }
  questions_.push_back(std::move(asked));
  return {};
}

/// What was asked for first. Answers come in any order, those to later questions too.
expected<connected_source::question> connected_source::first_answered() {
  while (questions_.front().missing != 0) {
    const auto reply = client_->answer();
    if (!reply)
      return failure(reply.error());
    const auto to = std::find_if(questions_.begin(), questions_.end(),
                                 [tag = reply->tag()](const question& q) {
                                   return tag >= q.first && tag - q.first < q.ids.size();
                                 }); // there is one: nothing else is asked meanwhile
    const auto at = reply->tag() - to->first;
    --to->missing;
    auto one = loaded(*reply);
    if (!one)
      to->failed = one.error();
    else if (one->found.page && one->found.page->id() != to->ids[at])
      return client_->no_flok("another page than was asked for");
    else
      to->found[at] = std::move(*one);
  }
  auto first = std::move(questions_.front());
  questions_.pop_front();
  return first.failed ? failure(*first.failed) : expected<question>{std::move(first)};
}

expected<std::vector<load_result>>
connected_source::load_all(std::string_view ns, std::span<const std::string> ids) {
  if (auto ok = ask_for("read_sync", ns, ids); !ok)
    return failure(ok.error());
  auto answered = first_answered();
  return answered ? std::move(answered->found)
                  : expected<std::vector<load_result>>{failure(answered.error())};
}

/// Visits what was asked for first; false where the visitor has had enough.
expected<bool> connected_source::visit_first(const store_view::page_visitor& visit) {
  auto answered = first_answered();
  if (!answered)
    return failure(answered.error());
  for (std::size_t i = 0; i < answered->ids.size(); ++i) {
    auto& one = answered->found[i];
    if (!one.found.page)
      continue; // removed meanwhile
    const auto bytes = one.found.page->json_bytes_bound();
    if (!visit(answered->ids[i], std::move(one), bytes))
      return false;
  }
  return true;
}

/// While some pages are visited, the system looks for the next ones.
expected<bool> connected_source::visit_pages(std::string_view ns,
                                             std::span<const std::string> ids,
                                             const store_view::page_visitor& visit) {
  for (expected<bool> more = true; !ids.empty() || !questions_.empty();) {
    if (!ids.empty()) {
      const auto some = ids.first(std::min(ids.size(), pages_at_once));
      ids = ids.subspan(some.size());
      if (auto ok = ask_for("read", ns, some); !ok)
        return failure(ok.error());
    }
    if (ids.empty() || questions_.size() > 1)
      more = visit_first(visit);
    if (!more || !*more)
      return more;
  }
  return true;
}

/// Waits for what is not wanted any more: the next answer is to be that of the next
/// question.
expected<void> connected_source::hear_out() {
  while (!questions_.empty()) {
    const auto before = questions_.size();
    const auto answered = first_answered();
    if (questions_.size() == before)
      return failure(answered.error()); // the connection is lost
  }
  return {};
}

expected<void> connected_source::scan(std::string_view ns, const id_range& range,
                                      const store_view::page_visitor& visit) {
  for (auto rest = range; rest.limit != 0;) {
    const auto ids = ids_of(ns, rest);
    if (!ids)
      return failure(ids.error());
    const auto more = visit_pages(ns, *ids, visit);
    if (!more || !*more) {
      const auto heard = hear_out();
      return more ? heard : failure(more.error());
    }
    if (ids->size() < std::min(rest.limit, ids_at_once))
      return {};
    rest.limit -= ids->size();
    rest.after = ids->back();
  }
  return {};
}

class connected_target : public page_target {
public:
  explicit connected_target(std::unique_ptr<shell_client> client)
      : client_{std::move(client)} {}

  expected<void> open(const std::vector<std::string>& namespaces, bool make) override;
  expected<void> put(const std::string& ns, const page_ptr& page,
                     const hash_rule& rule) override;
  expected<void> remove(const std::string& ns,
                        const std::vector<std::string>& ids) override;
  expected<void> write(const std::vector<commit_page>& pages,
                       std::uint64_t& written) override;
  expected<bool> keep() override;

private:
  expected<bool> is_there(const std::string& ns, const std::string& id);

  std::unique_ptr<shell_client> client_;
  commit_page last_; ///< that was written
};

/// They are the configuration's: none can be made.
expected<void> connected_target::open(const std::vector<std::string>& namespaces, bool) {
  const auto stats = client_->ask("stats");
  const auto all = stats ? namespaces_in(*client_, *stats) : failure(stats.error());
  if (!all)
    return failure(all.error());
  std::string names;
  for (const auto& each : *all)
    names += (names.empty() ? "" : ", ") + readable(each.key);
  for (const auto& ns : namespaces)
    if (std::none_of(all->begin(), all->end(), [&](const auto& m) { return m.key == ns; }))
      return failure(errc::unknown_namespace, "the running system has no namespace " +
                                                  readable(ns) + "; it has " + names +
                                                  ", by its configuration");
  return {};
}

expected<void> connected_target::put(const std::string& ns, const page_ptr& page,
                                     const hash_rule& rule) {
  auto fields = in(ns) + field("page", page->json());
  if (rule)
    fields += field("if_hash", rule->empty() ? "null" : json::quoted(*rule));
  const auto reply = client_->ask("write", fields);
  if (reply)
    return {};
  if (reply.error().code == errc::conflict)
    return failure(conflict_at(ns, page->id(), reply.error().hash));
  return failure(reply.error());
}

/// Without making it resident.
expected<bool> connected_target::is_there(const std::string& ns, const std::string& id) {
  const auto reply = client_->ask("list", in(ns) + field("prefix", json::quoted(id)) +
                                              field("limit", "1"));
  const auto ids = reply ? json::elements((*reply)["ids"]) : failure(reply.error());
  if (!ids)
    return failure(ids.error());
  return !ids->empty() && json::string_value(ids->front()).value_or("") == id;
}

expected<void> connected_target::remove(const std::string& ns,
                                        const std::vector<std::string>& ids) {
  for (const auto& id : ids) {
    const auto there = is_there(ns, id);
    if (!there)
      return failure(there.error());
    if (!*there)
      return failure(errc::no_such_page, readable(ns) + "/" + readable(id) +
                                             ": no such page; nothing was removed");
  }
  std::size_t done = 0;
  for (const auto& id : ids) {
    const auto reply = client_->ask("delete", page_fields(ns, id));
    if (!reply)
      return failure(reply.error().code, readable(ns) + "/" + readable(id) + ": " +
                                             reply.error().message + "; " +
                                             counted(done, "page") + " before it removed");
    ++done;
  }
  return {};
}

expected<void> connected_target::write(const std::vector<commit_page>& pages,
                                       std::uint64_t& written) {
  std::size_t sent = 0;
  std::size_t answered = 0;
  std::optional<error> failed;
  while (answered < (failed ? sent : pages.size())) {
    for (; !failed && sent < pages.size() && sent - answered < writes_at_once; ++sent) {
      const auto& p = pages[sent];
      if (auto ok = client_->send("write", in(p.ns) + field("page", p.page->json())); !ok)
        return failure(ok.error());
    }
    const auto enough = sent - std::min(sent - answered - 1, writes_at_once / 2);
    for (; answered < enough; ++answered) {
      const auto reply = client_->answer();
      if (!reply)
        return failure(reply.error());
      if (auto ok = reply->outcome(); !ok)
        failed = ok.error();
      else
        ++written;
    }
  }
  if (failed)
    return failure(*failed);
  if (!pages.empty())
    last_ = pages.back();
  return {};
}

/// Whether the system keeps anything shows when a page is to be durable: the last one,
/// which is there already, unless somebody has changed it meanwhile.
expected<bool> connected_target::keep() {
  if (const auto done = client_->ask("pageout"); !done)
    return failure(done.error().code,
                   "are in memory, and not on disk: " + done.error().message +
                       "; the system goes on trying");
  if (!last_.page)
    return true;
  const auto kept =
      client_->ask("write", in(last_.ns) + field("page", last_.page->json()) +
                                field("if_hash", json::quoted(last_.page->hash_text())) +
                                field("durable", "true"));
  if (kept || kept.error().code == errc::conflict)
    return true;
  if (kept.error().code == errc::unsupported)
    return false;
  return failure(kept.error().code,
                 "are loaded; whether the system keeps them on disk is unknown: " +
                     kept.error().message);
}

} // namespace

expected<std::unique_ptr<page_source>> open_connected_source(const std::string& socket) {
  auto client = shell_client::connect(socket);
  if (!client)
    return failure(client.error());
  return std::make_unique<connected_source>(socket, std::move(*client));
}

expected<std::unique_ptr<page_target>> open_connected_target(const std::string& socket) {
  auto client = shell_client::connect(socket);
  if (!client)
    return failure(client.error());
  return std::make_unique<connected_target>(std::move(*client));
}

} // namespace flok::tools
