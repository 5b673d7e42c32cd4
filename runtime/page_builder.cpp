#include "runtime/page_builder.hpp"

#include <cstring>

#include "runtime/limits.hpp"

namespace flok {

namespace {

/// Appends and tells where the bytes end.
std::uint32_t put(char* base, std::uint32_t at, std::string_view bytes) {
  if (!bytes.empty())
    std::memcpy(base + at, bytes.data(), bytes.size());
  return at + static_cast<std::uint32_t>(bytes.size());
}

/// Whether the name is a piece of the text, rather than unescaped to somewhere else.
bool lies_in(std::string_view name, std::string_view text) {
  return name.data() >= text.data() &&
         name.data() + name.size() <= text.data() + text.size();
}

/// What an entry takes in a buffer: its text, and its name where that is no piece of it.
std::size_t bytes_of(std::string_view name, std::string_view text) {
  return text.size() + (lies_in(name, text) ? 0 : name.size());
}

} // namespace

void page_builder::add(std::string_view name, std::string_view signature,
                       std::string_view text) {
  parts_.push_back({name, signature, text});
}

void page_builder::keep(const page& from, std::size_t first, std::size_t end) {
  from_ = &from;
  const auto begin = static_cast<std::uint32_t>(first);
  if (parts_.empty() || !parts_.back().kept() || parts_.back().end != begin)
    parts_.push_back({{}, {}, {}, begin, begin});
  parts_.back().end = static_cast<std::uint32_t>(end);
}

page_builder::sizes page_builder::measure() const {
  sizes s;
  s.hashed = id_.size();
  for (const auto& id : {head_, next_, prev_})
    s.hashed += id ? id->size() : 0;
  for (const auto& p : parts_) {
    if (!p.kept()) {
      ++s.entries;
      s.hashed += p.signature.size();
      s.used += p.text.size();
      s.added += bytes_of(p.name, p.text);
      continue;
    }
    const auto* slots = from_->slots();
    s.entries += p.end - p.first;
    s.hashed += slots[p.end - 1].signature_end - from_->signature_begin(p.first);
    for (auto i = p.first; i < p.end; ++i)
      s.used += slots[i].size;
  }
  return s;
}

bool page_builder::must_rebuild(const sizes& s) const {
  if (from_ == nullptr)
    return false; // all is copied into one buffer anyway
  return from_->kept_alive_bytes() + s.added > limits::kept_alive_factor * s.used ||
         from_->sources_.size() >=
             limits::page_sources + s.entries / limits::page_entries_per_source;
}

/// Copies what the page has of a run of entries to slot `to`, and their signatures to `at`;
/// tells where those end.
std::uint32_t page_builder::keep_run(page& p, std::size_t to, std::uint32_t at,
                                     const part& run) const {
  auto* slots = reinterpret_cast<page::slot*>(p.table_.get()) + to;
  const auto count = run.end - run.first;
  const auto begin = from_->signature_begin(run.first);
  const auto bytes = from_->slots()[run.end - 1].signature_end - begin;
  std::memcpy(slots, from_->slots() + run.first, count * sizeof(page::slot));
  char* hashed = p.table_.get() + p.size_ * sizeof(page::slot);
  std::memcpy(hashed + at, from_->hashed() + begin, bytes);
  if (const auto shift = at - begin; shift != 0) // modulo 2^32, as a sum of it is
    for (std::uint32_t i = 0; i < count; ++i)
      slots[i].signature_end += shift;
  return at + bytes;
}

/// Fills in all but the new texts: the table and what the hash covers.
void page_builder::lay_out(page& p, const sizes& s) const {
  p.kind_ = kind_;
  p.size_ = static_cast<std::uint32_t>(s.entries);
  p.hashed_size_ = static_cast<std::uint32_t>(s.hashed);
  p.used_ = s.used;
  p.table_ =
      std::make_unique_for_overwrite<char[]>(s.entries * sizeof(page::slot) + s.hashed);
  auto* slots = reinterpret_cast<page::slot*>(p.table_.get());
  char* base = p.table_.get() + s.entries * sizeof(page::slot);
  p.pointers_ =
      static_cast<std::uint8_t>((head_ ? 1U : 0U) | (next_ ? 2U : 0U) | (prev_ ? 4U : 0U));
  p.head_end_ = put(base, 0, head_.value_or(std::string_view{}));
  p.next_end_ = put(base, p.head_end_, next_.value_or(std::string_view{}));
  p.prev_end_ = put(base, p.next_end_, prev_.value_or(std::string_view{}));
  p.id_end_ = put(base, p.prev_end_, id_);
  std::uint32_t at = p.id_end_;
  std::size_t entry = 0;
  for (const auto& part : parts_) {
    if (part.kept()) {
      at = keep_run(p, entry, at, part);
      entry += part.end - part.first;
      continue;
    }
    at = put(base, at, part.signature);
    auto& slot = *std::construct_at(slots + entry++);
    slot.size = static_cast<std::uint32_t>(part.text.size());
    slot.name_size = static_cast<std::uint32_t>(part.name.size());
    slot.signature_end = at;
  }
}

/// Copies the texts of new entries, or of all of them, into a buffer of the page's own.
void page_builder::copy_texts(page& p, bool all) const {
  const auto each = [&](auto&& visit) { // slot, name, text
    auto* slot = reinterpret_cast<page::slot*>(p.table_.get());
    for (const auto& part : parts_) {
      if (!part.kept())
        visit(*slot++, part.name, part.text);
      else if (!all)
        slot += part.end - part.first;
      else
        for (auto i = part.first; i < part.end; ++i)
          visit(*slot++, from_->name_of(i), from_->raw_text(i));
    }
  };
  std::size_t bytes = 0;
  each([&](const page::slot&, std::string_view name, std::string_view text) {
    bytes += bytes_of(name, text);
  });
  if (!all && from_ != nullptr)
    p.sources_ = from_->sources_;
  if (bytes == 0)
    return;
  auto buffer = std::make_shared_for_overwrite<char[]>(bytes);
  std::uint32_t at = 0;
  each([&](page::slot& slot, std::string_view name, std::string_view text) {
    slot.text = buffer.get() + at;
    at = put(buffer.get(), at, text);
    const bool within = lies_in(name, text); // its place is the same in the copy
    slot.name = static_cast<std::int32_t>(within ? std::size_t(name.data() - text.data())
                                                 : text.size());
    if (!within)
      at = put(buffer.get(), at, name);
  });
  p.sources_.push_back({std::move(buffer), static_cast<std::uint32_t>(bytes)});
}

page_ptr page_builder::finish() {
  auto p = std::make_shared<page>();
  const auto s = measure();
  lay_out(*p, s);
  copy_texts(*p, must_rebuild(s));
  p->sources_.shrink_to_fit();
  p->hash_ = hash_ ? *hash_ : p->rehash();
  return p;
}

} // namespace flok
