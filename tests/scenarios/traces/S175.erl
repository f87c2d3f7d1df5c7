%% @id S175
%% @title A server changes its code while it is suspended
%% @given a registered gen_server of version 1, monitored, with a call that waits in its mailbox
%% @when version 2 is loaded, code_change refuses once and then converts the state
%% @then a refusal is told and changes no state; the server keeps pid, name and monitors; the waiting call is answered by version 2
-module('S175').
-compile([export_all, nowarn_export_all]).

source(Version, Convert) ->
    ["-module(counter). -behaviour(gen_server). -compile([export_all, nowarn_export_all]).",
     "init(N) -> {ok, N}.",
     "handle_call(get, _, S) -> {reply, {" ++ Version ++ ", S}, S};",
     "handle_call(later, From, S) -> put(from, From), {noreply, S}.",
     "handle_cast(answer, S) -> gen_server:reply(get(from), {" ++ Version ++ ", S}), {noreply, S}.",
     "code_change(_, S, refuse) -> {error, {cannot, S}};",
     "code_change(_, S, crash) -> error({broken, S});",
     "code_change(_, S, Extra) -> {ok, " ++ Convert ++ "}."].

load(Version, Convert) ->
    {ok, Tokens, _} = erl_scan:string(lists:flatten(lists:join("\n", source(Version, Convert)))),
    {ok, counter, Binary} = compile:forms(forms(Tokens, [])),
    code:purge(counter),
    {module, counter} = code:load_binary(counter, "counter.erl", Binary).

forms([], []) -> [];
forms([{dot, _} = Dot | Rest], Form) ->
    {ok, Parsed} = erl_parse:parse_form(lists:reverse([Dot | Form])),
    [Parsed | forms(Rest, [])];
forms([Token | Rest], Form) -> forms(Rest, [Token | Form]).

word({error, {'EXIT', {Reason, _}}}) -> {error, Reason};
word(Other) -> Other.

main() ->
    load("1", "{S, Extra}"),
    {ok, P} = gen_server:start({local, counter}, counter, 7, []),
    bl:label(P, "counter"),
    M = monitor(process, P),
    bl:t(main, "call", gen_server:call(P, get)),
    Early = gen_server:send_request(P, later),
    bl:t(main, "state", sys:get_state(P)),
    load("2", "{converted, S, Extra}"),
    ok = sys:suspend(P),
    Waiting = gen_server:send_request(P, get),
    bl:t(main, "refused", word(sys:change_code(P, counter, 1, refuse))),
    bl:t(main, "crashed", word(sys:change_code(P, counter, 1, crash))),
    bl:t(main, "state", sys:get_state(P)),
    bl:t(main, "change_code", sys:change_code(P, counter, 1, by)),
    bl:t(main, "state", sys:get_state(P)),
    ok = sys:resume(P),
    {reply, R} = gen_server:wait_response(Waiting, 1000),
    bl:t(main, "waiting_call", R),
    gen_server:cast(P, answer),
    {reply, E} = gen_server:wait_response(Early, 1000),
    bl:t(main, "unanswered_call", E),
    bl:t(main, "whereis", whereis(counter)),
    bl:t(main, "alive", is_process_alive(P)),
    gen_server:stop(P),
    receive {'DOWN', M, process, P, Reason} -> bl:t(main, "down", Reason) after 1000 -> bl:t(main, "down", none) end.
