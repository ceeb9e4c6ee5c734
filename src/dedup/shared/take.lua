-- Takes over a claim that is pending. ARGV: number, new token (8), lease (s), consumed. Answers 1, or 0 when it is settled.
local number, token, lease_s, consumed = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local pending = redis.call('HGET', prefix .. ':p', number)
if not pending then return 0 end
local kept = token .. struct.pack('<I4', now_s + lease_s) .. '\0' .. pending:sub(14, 17) .. consumed
redis.call('HSET', prefix .. ':p', number, kept)
return 1
