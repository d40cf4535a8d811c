-- Removes outbox slots that the shard's meta does not name: a Redis that lost its tail had forgotten
-- that they were removed before, and nobody would ask for them again.
-- KEYS[1] the shard's meta, KEYS[2…] the slots; ARGV[1…] their numbers.
-- A slot comes into being with a meta that names it, in one command, and a meta leaves it out only
-- once it is published. So what the meta of this moment does not name is of no use, whoever owns
-- the shard. Without a meta nothing is known, and nothing is removed.
local stored = redis.call('GET', KEYS[1])
if not stored then
  return 0
end
local named = {}
for _, number in ipairs(cjson.decode(stored)['slots']) do
  named[number] = true
end
local removed = 0
for i = 2, #KEYS do
  if not named[tonumber(ARGV[i - 1])] then
    removed = removed + redis.call('UNLINK', KEYS[i])
  end
end
return removed
