# Deliberately broken variants of the core, to show that the simulation finds faults: a copy
# of the core in which each fault waits behind a number. `flok-sim-mutants` switches them on
# one by one.

set(flok_mutant_dir "${CMAKE_CURRENT_BINARY_DIR}/mutants")
set(flok_mutant_count 0)
set(flok_mutant_table "")
set(flok_mutant_files address_space address_space_room address_space_writes notices pageout
    watch_table)
foreach(file IN LISTS flok_mutant_files)
  set(source "${PROJECT_SOURCE_DIR}/runtime/${file}.cpp")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${source}")
  file(READ "${source}" flok_mutant_${file})
endforeach()

# flok_mutant(NAME RULE FILE OLD NEW): in FILE, the text OLD, which stands there once, becomes
# NEW, in which BROKEN tells whether this fault is wanted. RULE is what must catch it.
function(flok_mutant name rule file old new)
  set(text "${flok_mutant_${file}}")
  string(REPLACE "${old}" "" without "${text}")
  string(LENGTH "${text}" all)
  string(LENGTH "${without}" left)
  string(LENGTH "${old}" length)
  math(EXPR once "${all} - ${left} - ${length}")
  if(NOT once EQUAL 0)
    message(FATAL_ERROR "mutant ${name}: its text does not stand once in ${file}.cpp")
  endif()
  math(EXPR number "${flok_mutant_count} + 1")
  string(REPLACE "BROKEN" "(flok_sim_broken == ${number})" new "${new}")
  string(REPLACE "${old}" "${new}" text "${text}")
  set(flok_mutant_${file} "${text}" PARENT_SCOPE)
  set(flok_mutant_count ${number} PARENT_SCOPE)
  set(flok_mutant_table "${flok_mutant_table}{\"${name}\", \"${rule}\"},\n" PARENT_SCOPE)
endfunction()

# -- faults of the original (design, section 10) ------------------------------------------

flok_mutant("unwatch is told while watchers remain" pager address_space
  [[    if (f->watchers.empty()) {
      --spaces_[ns].meters->watched;]]
  [[    if (BROKEN) tell_unwatch(*f);
    if (f->watchers.empty()) {
      --spaces_[ns].meters->watched;]])
flok_mutant("a stale index drops the wrong watcher" delivery watch_table
  [[  if (at == nowhere)
    return false;]]
  [[  if (at == nowhere)
    return false;
  if (BROKEN && f.watchers.front().who != w)
    return remove(f.watchers.front().who->id, f);]])
flok_mutant("a sync read's table lacks the namespace" newest address_space
  [[  loads_.emplace(call, load_call{&f, a.generation, work_.begin()});]]
  [[  frame* other = BROKEN && urgent ? find_frame(1 - f.ns, f.id()) : nullptr;
  frame* of = other != nullptr && !other->page ? other : &f;
  ++of->active().loads; // it must outlive the call
  --a.loads;
  loads_.emplace(call, load_call{of, of->active().generation, work_.begin()});]])
flok_mutant("invalidate calls the pager's watch" pager address_space_writes
  [[    out_.emplace_back(effects::pager_invalidate{f.ns, call, std::string{f.id()}});]]
  [[    if (BROKEN) out_.emplace_back(effects::pager_watch{f.ns, std::string{f.id()}, f.page});
    else out_.emplace_back(effects::pager_invalidate{f.ns, call, std::string{f.id()}});]])
flok_mutant("dirty is cleared though the disk has failed" dirty address_space_writes
  [[pageout_.committed(call, result);]]
  [[pageout_.committed(call, BROKEN ? expected<void>{} : result);]])

# -- watchers -----------------------------------------------------------------------------

flok_mutant("an unmodified page is told of" unmodified address_space_writes
  [[f.page->unmodified(*page))
      continue;]]
  [[f.page->unmodified(*page) && !BROKEN)
      continue;]])
flok_mutant("pending is ignored" delivery address_space_writes
  [[    if (f.page && f.pending == pending &&]]
  [[    if (f.page && (BROKEN || f.pending == pending) &&]])
flok_mutant("what changed together is told apart" together notices
  [[  if (changed.size() == 1)
    return tell_all]]
  [[  if (BROKEN && changed.size() > 1) {
    for (frame* f : changed) tell_all(*f, origin::pager);
    return;
  }
  if (changed.size() == 1)
    return tell_all]])
flok_mutant("an older load comes over a newer write" newest address_space
  [[  const bool counts = entry->second.generation == a.generation;]]
  [[  const bool counts = BROKEN || entry->second.generation == a.generation;]])
flok_mutant("credit gives all back" delivery notices
  [[  w->undelivered -= std::min(w->undelivered, delivered);]]
  [[  w->undelivered -= BROKEN ? w->undelivered : std::min(w->undelivered, delivered);]])
flok_mutant("waiting news is never sent" delivery notices
  [[  if (w->undelivered < limits::undelivered)]]
  [[  if (w->undelivered < limits::undelivered && !BROKEN)]])
flok_mutant("an unwatch loses what waits" delivery watch_table
  [[  release(f.watchers[place], f);]]
  [[  if (BROKEN) (void)take_waiting(*w);
  release(f.watchers[place], f);]])
flok_mutant("waiting news names a wrong cause" delivery notices
  [[    pair.news = from;]]
  [[    pair.news = BROKEN ? origin::cache : from;]])
flok_mutant("a deletion is not told" removed address_space_writes
  [[  notices_.tell_removed(f, how);]]
  [[  if (!BROKEN) notices_.tell_removed(f, how);]])
flok_mutant("one who has left is remembered" empty watch_table
  [[  watchers_.erase(w.id);]]
  [[  w.waiting.clear();
  w.pages.clear();
  w.index.clear();
  if (!BROKEN) watchers_.erase(w.id);]])

# -- pagers -------------------------------------------------------------------------------

flok_mutant("a watch is told twice" pager address_space
  [[  if (f.told || !spaces_]]
  [[  if ((f.told && !BROKEN) || !spaces_]])
flok_mutant("a pager that is back hears of no watch" pager address_space_writes
  [[    if (!(f->rest && f->rest->urgent))]]
  [[    if (!BROKEN && !(f->rest && f->rest->urgent))]])
flok_mutant("a write says that it replaces nothing" writes address_space_writes
  [[effects::pager_write{f.ns, call, op.page, f.page});]]
  [[effects::pager_write{f.ns, call, op.page, BROKEN ? nullptr : f.page});]])
flok_mutant("if_hash is ignored" writes address_space_writes
  [[  if (!rule.if_hash || *rule.if_hash == now)]]
  [[  if (BROKEN || !rule.if_hash || *rule.if_hash == now)]])
flok_mutant("a load that fails refuses a write that is with the pager" answers address_space
  [[  else if (a.handed_over == 0)]]
  [[  else if (BROKEN || a.handed_over == 0)]])

# -- answers ------------------------------------------------------------------------------

flok_mutant("durable is answered before it is on disk" durable address_space_writes
  [[  if (op.rule.durable)
    pageout_]]
  [[  if (op.rule.durable && !BROKEN)
    pageout_]])
flok_mutant("a drain is answered early" drain address_space
  [[    if (!work_.done(d.until) || ]]
  [[    if ((!work_.done(d.until) && !BROKEN) || ]])
flok_mutant("a drain waits for nothing" drain address_space
  [[  advance_drains(); // writes that waited]]
  [[  if (!BROKEN) advance_drains(); // writes that waited]])
flok_mutant("a page-out is answered a round too early" page-out pageout
  [[rounds_ + (next_too ? 1 : 0)]]
  [[rounds_ + (next_too && !BROKEN ? 1 : 0)]])
flok_mutant("a page-out does not wait for a batch sent for others" page-out pageout
  [[  round_until_ = call_; // also]]
  [[  if (!BROKEN) round_until_ = call_; // also]])
flok_mutant("a list tells of deleted pages" list address_space_room
  [[    else if (f.absent)]]
  [[    else if (f.absent && !BROKEN)]])
flok_mutant("a page that a pager is to read is given up" answers address_space
  [[    if (f.rest->busy())]]
  [[    auto& a = *f.rest;
    if (BROKEN && f.page ? a.loads != 0 || !a.waiters.empty() || !a.writes.empty() : a.busy())]])

# -- disk, counts, bounds -----------------------------------------------------------------

flok_mutant("dirty is cleared though something newer came" dirty pageout
  [[    if (!result || f->version != version) {]]
  [[    if (!result || (f->version != version && !BROKEN)) {]])
flok_mutant("a deletion leaves no tombstone" kept address_space_writes
  [[  mark_dirty({&f});
  if]]
  [[  if (!BROKEN) mark_dirty({&f});
  if]])
flok_mutant("a group is split" groups pageout
  [[  if (frames.size() > 1)
    tie]]
  [[  if (frames.size() > 1 && !BROKEN)
    tie]])
flok_mutant("a commit is not sorted" commits pageout
  [[    std::sort(b.pages.begin(),]]
  [[    if (!BROKEN) std::sort(b.pages.begin(),]])
flok_mutant("a dirty page is given up" eviction address_space
  [[ || f.version != 0 || ]]
  [[ || (f.version != 0 && !(BROKEN && f.page)) || ]])
flok_mutant("a watched page is given up" eviction address_space
  [[  if (!f.watchers.empty() || ]]
  [[  if ((!f.watchers.empty() && !(BROKEN && f.page)) || ]])
flok_mutant("nothing is given up" bound address_space_room
  [[  evict(); // a write]]
  [[  if (!BROKEN) evict(); // a write]])
flok_mutant("a watcher that leaves is still counted" counts address_space
  [[    --spaces_[ns].meters->watchers;]]
  [[    if (!BROKEN) --spaces_[ns].meters->watchers;]])

# -- the program --------------------------------------------------------------------------

set(flok_mutant_sources "")
foreach(file IN LISTS flok_mutant_files)
  file(CONFIGURE OUTPUT "${flok_mutant_dir}/${file}.cpp" @ONLY
       CONTENT "extern int flok_sim_broken;\n${flok_mutant_${file}}")
  list(APPEND flok_mutant_sources "${flok_mutant_dir}/${file}.cpp")
endforeach()
file(CONFIGURE OUTPUT "${flok_mutant_dir}/mutant_table.inc" CONTENT "${flok_mutant_table}" @ONLY)

add_executable(flok-sim-mutants sim/mutants.cpp ${flok_mutant_sources})
flok_target(flok-sim-mutants)
target_compile_options(flok-sim-mutants PRIVATE -Wno-maybe-uninitialized
                       $<$<CONFIG:Release>:-O1 -g0>)
target_include_directories(flok-sim-mutants PRIVATE "${flok_mutant_dir}")
target_link_libraries(flok-sim-mutants PRIVATE flok_sim)
add_test(NAME simulation_mutants COMMAND flok-sim-mutants)
set_tests_properties(simulation_mutants PROPERTIES TIMEOUT 300)
