-- Commits a batch of a shard: all of it, or nothing when the shard has moved on.
-- KEYS[1] the shard's meta, KEYS[2…] states and perhaps an outbox slot.
-- ARGV[1] the meta that the batch was computed from, ARGV[2…] the new values of KEYS[1…].
-- The comparison fences off a worker that lost the partition. One MSET is one record of the
-- append-only file: a torn tail cannot hold half of it.
local found = redis.call('GET', KEYS[1]) or ''
if found ~= ARGV[1] then
  return {found}
end
local pairs = {}
for i = 1, #KEYS do
  pairs[2 * i - 1] = KEYS[i]
  pairs[2 * i] = ARGV[i + 1]
end
return redis.call('MSET', unpack(pairs))
