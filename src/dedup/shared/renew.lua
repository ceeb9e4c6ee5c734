-- Remembers an article as long as if it came now. ARGV: ttl (ms), number, id, text, anchors, at (4, s).
local ttl_ms, number, id, text, anchors, at = tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
if not is_live(number) then return 0 end
-- After layout, flags, id and text.
redis.call('SETRANGE', entry_key(number), 26, at)
redis.call('PEXPIRE', entry_key(number), ttl_ms)
file(number, id, text, anchors, ttl_ms)
return 1
