-- Settles claims, if the token is that of their holder. ARGV: lease (s); then number, token, how for each:
-- "c" confirm, "r" release, "a" abandon, "k" keep: its holder lives.
local lease_s, pending_key = tonumber(ARGV[1]), prefix .. ':p'
for i = 2, #ARGV, 3 do
    local number, token, how = ARGV[i], ARGV[i + 1], ARGV[i + 2]
    local pending = redis.call('HGET', pending_key, number)
    if pending and pending:sub(1, 8) == token then
        if how == 'c' or how == 'r' then
            redis.call('HDEL', pending_key, number)
            local gone = how == 'r' and number or pending:sub(14, 17)
            if gone ~= NONE then redis.call('DEL', entry_key(gone)) end
        else
            local abandoned = how == 'a' and '\1' or '\0'
            local kept = token .. struct.pack('<I4', now_s + lease_s) .. abandoned .. pending:sub(14)
            redis.call('HSET', pending_key, number, kept)
        end
    end
end
return redis.status_reply('OK')
