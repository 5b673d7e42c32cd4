#include "runtime/page_builder.hpp"

#include <algorithm>
#include <cstring>

#include "runtime/json_text.hpp"
#include "runtime/limits.hpp"
#include "runtime/tail_memory.hpp"

namespace flok {

namespace {

constexpr std::uint32_t unused = UINT32_MAX;

/// A block of added entries, which follows this.
struct alignas(std::uint32_t) added_block {};

/// Appends and tells where the bytes end.
std::uint32_t put(char* base, std::uint32_t at, std::string_view bytes) {
  if (!bytes.empty())
    std::memcpy(base + at, bytes.data(), bytes.size());
  return at + static_cast<std::uint32_t>(bytes.size());
}

/// A name or signature as a piece of the text, where it stands there unescaped.
std::string_view within(std::string_view text, std::string_view piece) {
  // What needs escapes is not found. Searching for it would also be quadratic where it is
  // made of quotes; without any in it, the search never looks at a byte three times.
  if (lies_in(piece, text) || json::quoted_size(piece) != piece.size() + 2)
    return piece;
  const auto at = text.find(json::quoted(piece));
  return at == std::string_view::npos ? piece : text.substr(at + 1, piece.size());
}

/// Counts more entries in.
void count(block_size& size, std::size_t entries, std::size_t texts, std::size_t unescaped,
           std::size_t signatures) {
  size.hashed += signatures;
  size.texts += texts + (size.entries == 0 ? 0 : 1); // with the comma before them
  size.entries += entries;
  size.unescaped += unescaped;
}

/// Bytes of texts alone.
std::size_t text_bytes(const block_size& size) {
  return size.entries == 0 ? 0 : size.texts - (size.entries - 1);
}

} // namespace

void page_builder::add(std::string_view name, std::string_view signature,
                       std::string_view text) {
  parts_.push_back({within(text, name), within(text, signature), text});
}

void page_builder::keep(const page_ptr& from, std::size_t first, std::size_t end) {
  from_ = from;
  const auto begin = static_cast<std::uint32_t>(first);
  if (parts_.empty() || !parts_.back().kept() || parts_.back().end != begin)
    parts_.push_back({{}, {}, {}, begin, begin});
  parts_.back().end = static_cast<std::uint32_t>(end);
}

/// Calls with each run that kept entries have in their page, and its block's number there.
template <class Visit>
void page_builder::each_piece(const part& kept, Visit visit) const {
  auto number = from_->piece_of(kept.first);
  for (auto i = kept.first; i != kept.end; ++number) {
    auto p = i == kept.first ? from_->piece_from(i) : from_->piece_at(number);
    p.end = std::min(p.end, p.first + (kept.end - i));
    visit(p, from_->whole() ? 0 : from_->runs()[number].source);
    i += p.count();
  }
}

page_builder::layout page_builder::lay_out() const {
  layout l;
  l.all.hashed = ids_bytes();
  if (from_)
    l.place_of.assign(from_->whole() ? 1 : from_->counted().sources, unused);
  // The block of those added is the first, where there are any.
  if (std::any_of(parts_.begin(), parts_.end(), [](const part& p) { return !p.kept(); }))
    l.sources.emplace_back();
  for (const auto& part : parts_) {
    if (!part.kept()) {
      const auto at = static_cast<std::uint32_t>(l.added.entries);
      add_run(l, at, 0, static_cast<std::uint32_t>(l.all.hashed - l.added.hashed));
      const auto unescaped =
          (lies_in(part.name, part.text) ? 0 : part.name.size()) +
          (lies_in(part.signature, part.text) ? 0 : part.signature.size());
      count(l.added, 1, part.text.size(), unescaped, part.signature.size());
      count(l.all, 1, part.text.size(), unescaped, part.signature.size());
      continue;
    }
    each_piece(part, [&](const page::piece& p, std::uint32_t source) {
      const auto& index = p.block.index;
      const auto begin = index.signature_begin(p.first);
      const auto signatures = index.get(entry_index::signature_end, p.end - 1) - begin;
      add_run(l, p.first, source_in(l, source),
              static_cast<std::uint32_t>(l.all.hashed) - begin);
      count(l.all, p.count(), p.block.texts(p.first, p.end).size(),
            unescaped_bytes(p.block, p.first, p.end), signatures);
    });
  }
  return l;
}

/// Adds a run that begins with the next entry, unless it goes on with the last one.
void page_builder::add_run(layout& l, std::uint32_t at, std::uint32_t source,
                           std::uint32_t shift) {
  const auto first = static_cast<std::uint32_t>(l.all.entries);
  if (!l.runs.empty()) {
    const auto& last = l.runs.back();
    if (last.source == source && last.at + (first - last.first) == at)
      return; // then the shift is the same as well
  }
  l.runs.push_back({first, at, source, shift});
}

/// Which of the page's blocks one of the other page is.
std::uint32_t page_builder::source_in(layout& l, std::uint32_t number) const {
  auto& place = l.place_of[number];
  if (place == unused) {
    place = static_cast<std::uint32_t>(l.sources.size());
    l.sources.push_back(from_->whole() ? page::source{from_, from_->block()}
                                       : from_->sources()[number]);
    l.kept_bytes += l.sources.back().block.kept_bytes();
  }
  return place;
}

/// Whether the page is to be one piece.
bool page_builder::must_rebuild(const layout& l) const {
  if (from_ == nullptr || l.all.entries == 0)
    return true;
  return l.kept_bytes + text_bytes(l.added) + l.added.unescaped >
             limits::kept_alive_factor * text_bytes(l.all) ||
         l.sources.size() >
             limits::page_sources + l.all.entries / limits::page_entries_per_source;
}

std::uint32_t page_builder::ids_bytes() const {
  auto bytes = id_.size();
  for (const auto& id : {head_, next_, prev_})
    bytes += id ? id->size() : 0;
  return static_cast<std::uint32_t>(bytes);
}

void page_builder::set_fields(page& p, const block_size& all) const {
  p.kind_ = kind_;
  p.pointers_ =
      static_cast<std::uint8_t>((head_ ? 1U : 0U) | (next_ ? 2U : 0U) | (prev_ ? 4U : 0U));
  p.size_ = static_cast<std::uint32_t>(all.entries);
  p.unescaped_ = static_cast<std::uint32_t>(all.unescaped);
  p.wide_ = all.wide();
}

/// Fills in what the hash covers, and makes the hash.
void page_builder::put_hashed(page& p) const {
  char* base = p.tail() + p.hashed_at();
  p.head_end_ = put(base, 0, head_.value_or(std::string_view{}));
  p.next_end_ = put(base, p.head_end_, next_.value_or(std::string_view{}));
  p.prev_end_ = put(base, p.next_end_, prev_.value_or(std::string_view{}));
  p.id_end_ = put(base, p.prev_end_, id_);
  auto at = p.id_end_;
  for (const auto& part : parts_)
    at = put(base, at,
             part.kept() ? from_->signatures(part.first, part.end) : part.signature);
  p.hash_ = p.rehash();
}

page_ptr page_builder::make_whole(const block_size& all) const {
  const auto index = all.index_bytes();
  const auto p =
      make_with_tail<page>(index + all.hashed + all.texts + all.unescaped, page::key{});
  set_fields(*p, all);
  char* texts = p->tail() + index + all.hashed;
  block_writer block{all, p->tail(), texts, texts + all.texts};
  for (const auto& part : parts_) {
    if (!part.kept())
      block.add(part.name, part.signature, part.text);
    else
      each_piece(part, [&](const page::piece& kept, std::uint32_t) {
        block.copy(kept.block, kept.first, kept.end);
      });
  }
  put_hashed(*p);
  return p;
}

/// The entries that were added, as a block.
page::source page_builder::make_added(const block_size& added) const {
  const auto index = added.index_bytes();
  const auto memory = make_with_tail<added_block>(index + added.texts + added.unescaped);
  char* tail = reinterpret_cast<char*>(memory.get() + 1);
  block_writer block{added, tail, tail + index, tail + index + added.texts};
  for (const auto& part : parts_)
    if (!part.kept())
      block.add(part.name, part.signature, part.text);
  return {memory,
          {{tail, static_cast<std::uint32_t>(added.entries), added.wide()},
           static_cast<std::uint32_t>(added.texts),
           static_cast<std::uint32_t>(added.unescaped),
           tail + index}};
}

page_ptr page_builder::make_of_runs(layout l) const {
  if (l.added.entries != 0)
    l.sources.front() = make_added(l.added);
  const page::counts counts{static_cast<std::uint32_t>(l.sources.size()),
                            static_cast<std::uint32_t>(l.runs.size()),
                            static_cast<std::uint32_t>(l.all.texts),
                            static_cast<std::uint32_t>(l.all.hashed)};
  const auto sources = counts.sources * sizeof(page::source);
  const auto runs = counts.runs * sizeof(page::run);
  const auto p =
      make_with_tail<page>(sizeof counts + sources + runs + counts.hashed, page::key{});
  set_fields(*p, l.all);
  char* at = p->tail();
  std::memcpy(at, &counts, sizeof counts);
  at += sizeof counts;
  std::uninitialized_move(l.sources.begin(), l.sources.end(),
                          reinterpret_cast<page::source*>(at));
  std::memcpy(at + sources, l.runs.data(), runs);
  p->pieces_ = true;
  put_hashed(*p);
  return p;
}

page_ptr page_builder::finish() {
  auto l = lay_out();
  return must_rebuild(l) ? make_whole(l.all) : make_of_runs(std::move(l));
}

} // namespace flok
