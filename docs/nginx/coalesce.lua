-- Identical refreshes that come together, or again within a few seconds, are one: the issuer is asked once, and all get its
-- answer. A client whose answer was lost, because traffic was just moved, may ask again with the same refresh token; to the
-- issuer that would be a token used twice, and it would revoke the whole chain.
--
-- Tokens are in memory only: the request and the answer for as long as `keep`, under a digest that is made with a secret of this
-- process. Nothing is written to a file or a log.

local answers = ngx.shared.refreshes

-- Seconds for which an answer is given again; and for which one request waits for another.
local keep = tonumber(ngx.var.coalesce_keep) or 5
local patience = tonumber(ngx.var.coalesce_patience) or 20

local function give(packed)
    local status, kind, body = packed:match("^(%d+)\n([^\n]*)\n(.*)$")
    ngx.status = tonumber(status)
    ngx.header["Content-Type"] = kind ~= "" and kind or nil
    ngx.header["Cache-Control"] = "no-store"
    ngx.header["Pragma"] = "no-cache"
    ngx.header["Content-Length"] = #body
    ngx.print(body)
    return ngx.exit(ngx.OK)
end

local function ask(body)
    return ngx.location.capture("/coalesced", { method = ngx.HTTP_POST, body = body, args = ngx.var.args })
end

local function pack(answer)
    return string.format("%d\n%s\n%s", answer.status, answer.header["Content-Type"] or "", answer.body or "")
end

if ngx.req.get_method() ~= "POST" then
    return ngx.exec("@issuer")
end
ngx.req.read_body()
local body = ngx.req.get_body_data()
local arguments = body and ngx.req.get_post_args(32) or {}
if arguments.grant_type ~= "refresh_token" then
    return ngx.exec("@issuer")
end

-- Whoever is somebody else, or asks for something else, gets an answer of its own.
local said = { ngx.var.host or "", ngx.var.uri, ngx.var.args or "", ngx.var.http_authorization or "", body }
for place, part in ipairs(said) do
    said[place] = #part .. ":" .. part
end
local key = ngx.encode_base64(ngx.hmac_sha1(coalesce_secret, table.concat(said)))

local waited = 0
while true do
    local packed = answers:get("answer " .. key)
    if packed then
        return give(packed)
    end
    if answers:add("lock " .. key, true, patience) then
        local fine, answer = pcall(ask, body)
        local told = fine and not answer.truncated and answer.status < 500
        packed = fine and pack(answer)
        -- What failed may be tried again by the next one; what was answered is the answer.
        if told then
            answers:set("answer " .. key, packed, keep)
        end
        answers:delete("lock " .. key)
        if packed then
            return give(packed)
        end
        return ngx.exit(ngx.HTTP_BAD_GATEWAY)
    end
    if waited > patience then
        return ngx.exit(ngx.HTTP_GATEWAY_TIMEOUT)
    end
    ngx.sleep(0.01)
    waited = waited + 0.01
end
