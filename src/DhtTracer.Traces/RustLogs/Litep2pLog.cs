// Over 300 lines: the lines of one program, read with one state for all queries.
namespace DhtTracer.Traces.RustLogs;

/// <summary>
/// Reads the log lines of litep2p's Kademlia (0.16). They give type, key, dials, requests and answers of each query. The peers in a
/// FIND_NODE answer are named only by lines of <c>litep2p::transport-manager</c>, which come between the answer's line and the next line of
/// the query.
/// </summary>
/// <example>
/// <c>start `FIND_NODE` query query_id=QueryId(0) target=PeerId("12D3…") num_peers=1</c>,
/// <c>start sending message to peer peer=PeerId("…") query=QueryId(0)</c>,
/// <c>message read from peer peer=PeerId("…") query=Some(QueryId(0))</c>, <c>handle `FIND_NODE` response peer=PeerId("…") target="[]"
/// query=QueryId(0)</c>
/// </example>
internal sealed class Litep2pLog(RustLogTraces traces)
{
    private const string FindNode = "FIND_NODE";
    private const string PutValue = "PUT_VALUE";
    private const string AddProvider = "ADD_PROVIDER";
    private const int MostOpen = 10_000;
    private const int MostDialed = 100_000;

    private readonly Dictionary<ulong, Entry> _queries = [];
    private readonly Dictionary<string, List<(Entry Entry, RustLogPart Dial)>> _dialing = new(StringComparer.Ordinal);
    private (ulong Number, string Key)? _announced;
    private string? _republished;
    private bool _listsPeers;
    private (Entry Entry, RustLogPart Answer)? _listing;

    /// <summary>Reads a line.</summary>
    public void Read(RustLogLine line, ulong at)
    {
        if (line.Target.StartsWith("litep2p::transport-manager", StringComparison.Ordinal))
        {
            ReadOfTransport(line);
            return;
        }

        if (!line.Target.StartsWith("litep2p::ipfs::kademlia", StringComparison.Ordinal))
        {
            return;
        }

        var peer = RustDebugText.Peer(line.Field("peer"));
        if (RustDebugText.QueryId(line.Field("query") ?? line.Field("query_id")) is not { } number)
        {
            ReadWithoutQuery(line, peer, at);
            return;
        }

        if (line.Message == "register as a content provider")
        {
            _announced = line.Field("key") is { } key ? (number, key) : null;
        }
        else if (Quoted(line.Message, "start ", " query") is { } kind)
        {
            Start(number, kind, line, at);
        }
        else
        {
            ReadOfQuery(EntryOf(number, line, at), line, peer, at);
        }
    }

    /// <summary>Ends all queries, because the process or the log ended.</summary>
    public void Finish()
    {
        EndListing(cut: true);
        foreach (var entry in _queries.Values)
        {
            End(entry);
        }

        _queries.Clear();
        _dialing.Clear();
        _announced = null;
        _republished = null;
    }

    private void ReadOfTransport(RustLogLine line)
    {
        _listsPeers |= line.Message == "add known addresses";
        if (_listing is { } listing && line.Message == "add known addresses" && RustDebugText.Peer(line.Field("peer")) is { } named)
        {
            listing.Answer.AddCloser(named, RustDebugText.Addresses(line.Field("peer_addresses")));
        }
    }

    private void ReadWithoutQuery(RustLogLine line, string? peer, ulong at)
    {
        switch (line.Message)
        {
            case "starting kademlia event loop":
                Finish();
                traces.Node = null;
                break;
            case "republishing local provider":
                _republished = line.Field("provided_key");
                break;
            case "connection established" when peer is not null:
                EndDials(peer, at, null);
                break;
            case "failed to dial peer" when peer is not null:
                EndDials(peer, at, line.Message);
                break;
            default:
                if (peer is not null && Quoted(line.Message, "send ", " message") is (PutValue or AddProvider) and var kind)
                {
                    Store(peer, kind, at);
                }

                break;
        }
    }

    private void Start(ulong number, string kind, RustLogLine line, ulong at)
    {
        if (_queries.TryGetValue(number, out var before) && before.Kind is not null)
        {
            // One process never reuses a number. A line about the query may come before the line that starts it.
            Finish();
        }

        var entry = EntryOf(number, line, at);
        entry.Kind = kind;
        entry.Query.Set(RustLogNames.Started, true);
        entry.Query.Set(RustLogNames.Kind, kind);
        if (int.TryParse(line.Field("num_peers"), out var seeds))
        {
            entry.Query.Set(RustLogNames.Seeds, seeds);
        }

        var key = line.Field("target") ?? line.Field("key");
        if (kind == AddProvider && _announced is { } announced && announced.Number == number)
        {
            key = announced.Key;
        }
        else if (kind == AddProvider && _republished is not null)
        {
            // The node republishes a record that it announced before.
            key = _republished;
            entry.Query.MarkBackground();
        }

        _announced = null;
        _republished = kind == AddProvider ? null : _republished;
        if (RustDebugText.Key(key) is { } bytes)
        {
            entry.Query.Set(RustLogNames.Key, Convert.ToHexStringLower(bytes));
        }
        else if (key?.StartsWith("PeerId(", StringComparison.Ordinal) == true && RustDebugText.Peer(key) is { } target)
        {
            entry.Query.Set(RustLogNames.KeyPeer, target);
        }
    }

    private void ReadOfQuery(Entry entry, RustLogLine line, string? peer, ulong at)
    {
        entry.Query.LastNs = Math.Max(entry.Query.LastNs, at);
        var message = line.Message;
        if (Quoted(message, "handle ", " response") is { } answered && peer is not null)
        {
            Answered(entry, answered, peer, line, at);
        }
        else if (message.StartsWith('`') && message.EndsWith(" succeeded", StringComparison.Ordinal))
        {
            entry.Query.Add(RustLogNames.Succeeded, at);
            if (int.TryParse(line.Field("num_peers"), out var results))
            {
                entry.Query.Set(RustLogNames.Results, results);
            }
        }
        else if (message == "query failed")
        {
            entry.Query.Add(RustLogNames.Failed, at);
        }
        else if (
            Quoted(message, "start ", " progress tracking") is not null
            || Quoted(message, "start ", " responses tracking") is not null
        )
        {
            entry.Stores = int.TryParse(line.Field("num_peers"), out var peers) ? peers : int.MaxValue;
        }
        else if (message.EndsWith("get next peer", StringComparison.Ordinal))
        {
            entry.GoesOn();
        }
        else if (peer is not null)
        {
            ReadOfPeer(entry, line, peer, at);
        }
    }

    private void ReadOfPeer(Entry entry, RustLogLine line, string peer, ulong at)
    {
        switch (line.Message)
        {
            case "Failed to open substream. Dialing peer":
                BeginDial(entry, peer, at);
                break;
            case "start sending message to peer":
                Begin(entry, peer, entry.Kind is PutValue or AddProvider ? FindNode : entry.Kind, at);
                break;
            case "message read from peer":
                entry.ReadAt[peer] = at;
                break;
            case "message sent to peer":
                // Only ADD_PROVIDER is complete when sent.
                var sent = entry.Open(peer, AddProvider) ?? New(entry, peer, AddProvider);
                End(entry, sent, at, "sent", null);
                break;
            case "send success for a stale query" or "send failure for a stale query":
                // This line comes before the line about the answer.
                entry.IsStale = true;
                break;
            case "register response":
                EndListing(cut: false);
                entry.Progress(at);
                break;
            case "register response failure" or "register peer failure":
                EndListing(cut: false);
                FailOpen(entry, peer, null, at);
                entry.Progress(at);
                break;
            default:
                // Lines such as "failed to read message from substream" {reason}.
                if (line.Message.StartsWith("failed to ", StringComparison.Ordinal))
                {
                    FailOpen(entry, peer, line.Field("reason") is { } reason ? $"{line.Message}: {reason}" : line.Message, at);
                }

                break;
        }
    }

    private void Answered(Entry entry, string message, string peer, RustLogLine line, ulong at)
    {
        EndListing(cut: false);
        var request = entry.Open(peer, message) ?? New(entry, peer, message);
        request.EndNs = entry.ReadAt.Remove(peer, out var read) ? read : at;
        request.Outcome = "answered";
        if (message == FindNode)
        {
            request.ListsCloser = _listsPeers;
            _listing = (entry, request);
            return;
        }

        if (RustDebugText.KademliaPeers(line.Field("peers")) is { } closer)
        {
            request.ListsCloser = true;
            closer.ForEach(item => request.AddCloser(item.Id, item.Addresses));
        }

        request.Providers = RustDebugText.KademliaPeers(line.Field("providers"))?.ConvertAll(static item => item.Id);
        request.Record =
            message == "GET_VALUE" && line.Field("record") is { } record ? record.StartsWith("Some(", StringComparison.Ordinal) : null;
        entry.Carried |= request.Record == true || request.Providers is { Count: > 0 };
        End(entry, request, request.EndNs.Value, "answered", null);
    }

    private void EndListing(bool cut)
    {
        if (_listing is { } listing)
        {
            _listing = null;
            listing.Answer.ListsCloser &= !cut;
            End(listing.Entry, listing.Answer, listing.Answer.EndNs!.Value, "answered", null);
        }
    }

    /// <summary>
    /// Handles a sent PUT_VALUE or ADD_PROVIDER. The line does not name the query: if several queries store at once, it stays unknown.
    /// </summary>
    private void Store(string peer, string message, ulong at)
    {
        var possible = _queries
            .Values.Where(entry => entry.Stored.Count < entry.Stores && entry.Kind == message && !entry.Stored.Contains(peer))
            .Take(2)
            .ToList();
        if (possible is [var only])
        {
            only.Stored.Add(peer);
            Begin(only, peer, message, at);
        }
    }

    private static void Begin(Entry entry, string peer, string? message, ulong at)
    {
        var request = New(entry, peer, message);
        request.StartNs = at;
    }

    private static RustLogPart New(Entry entry, string peer, string? message)
    {
        var request = entry.Query.Part(RustLogNames.Request, peer);
        request.Message = message;
        entry.Requests.Add(request);
        return request;
    }

    private void End(Entry entry, RustLogPart request, ulong at, string outcome, string? error)
    {
        request.EndNs = at;
        request.Outcome = outcome;
        request.Error = error;
        entry.Requests.Remove(request);
        traces.Finish(entry.Query.ToSpan(request));
    }

    private void FailOpen(Entry entry, string peer, string? error, ulong at)
    {
        if (entry.Requests.Find(request => request.Peer == peer && request.EndNs is null) is { } failed)
        {
            End(entry, failed, at, "failed", error);
        }
    }

    private void BeginDial(Entry entry, string peer, ulong at)
    {
        if (_dialing.Count >= MostDialed)
        {
            _dialing.Clear();
        }

        if (!_dialing.TryGetValue(peer, out var waiting))
        {
            _dialing.Add(peer, waiting = []);
        }

        if (!waiting.Exists(item => item.Entry == entry))
        {
            var dial = entry.Query.Part(RustLogNames.Dial, peer);
            dial.StartNs = at;
            waiting.Add((entry, dial));
            entry.Dials.Add(dial);
        }
    }

    private void EndDials(string peer, ulong at, string? error)
    {
        if (!_dialing.Remove(peer, out var waiting))
        {
            return;
        }

        foreach (var (entry, dial) in waiting)
        {
            dial.EndNs = at;
            dial.Error = error;
            if (entry.Dials.Remove(dial))
            {
                traces.Finish(entry.Query.ToSpan(dial));
            }
        }
    }

    private Entry EntryOf(ulong number, RustLogLine line, ulong at)
    {
        if (_queries.TryGetValue(number, out var known))
        {
            return known;
        }

        if (_queries.Count >= MostOpen)
        {
            foreach (var (old, evicted) in _queries.OrderBy(static item => item.Value.Query.LastNs).Take(MostOpen / 2).ToList())
            {
                End(evicted);
                _queries.Remove(old);
            }
        }

        var entry = new Entry(traces.Begin(number, line, at));
        _queries.Add(number, entry);
        return entry;
    }

    private void End(Entry entry)
    {
        // The success of a get is not logged. It shows when the query stops after an answer, or when a later answer is stale.
        if (!entry.Query.HasEnded && entry.Carried && entry.EndedAt is { } ended)
        {
            entry.Query.Add(RustLogNames.Succeeded, ended);
        }

        foreach (var part in entry.Requests.Concat(entry.Dials))
        {
            traces.Finish(entry.Query.ToSpan(part));
        }

        traces.Finish(entry.Query);
    }

    // start `FIND_NODE` query
    private static string? Quoted(string message, string before, string after) =>
        message.Length > before.Length + after.Length + 2
        && message.StartsWith(before, StringComparison.Ordinal)
        && message.EndsWith(after, StringComparison.Ordinal)
        && message[before.Length..^after.Length] is ['`', .. var word, '`']
        && !word.Contains('`', StringComparison.Ordinal)
            ? word
            : null;

    private sealed class Entry(RustLogQuery query)
    {
        public RustLogQuery Query { get; } = query;

        public string? Kind { get; set; }

        /// <summary>Number of peers it stores at, once known; 0 before.</summary>
        public int Stores { get; set; }

        /// <summary>Whether an answer carried what a get looks for.</summary>
        public bool Carried { get; set; }

        public HashSet<string> Stored { get; } = new(StringComparer.Ordinal);

        /// <summary>For each peer, when its answer was read, until that answer is handled.</summary>
        public Dictionary<string, ulong> ReadAt { get; } = new(StringComparer.Ordinal);

        public List<RustLogPart> Requests { get; } = [];

        public List<RustLogPart> Dials { get; } = [];

        /// <summary>Whether it has ended: a line said so about an answer that came later.</summary>
        public bool IsStale { get; set; }

        /// <summary>End time, as far as its progress shows.</summary>
        public ulong? EndedAt { get; private set; }

        public RustLogPart? Open(string peer, string message) =>
            Requests.Find(request => request.Peer == peer && request.EndNs is null && request.Message == message);

        /// <summary>Notes that an answer or a failure was processed.</summary>
        public void Progress(ulong at) => EndedAt = IsStale ? EndedAt : at;

        /// <summary>Notes that it asks another peer, so it has not ended.</summary>
        public void GoesOn() => EndedAt = IsStale ? EndedAt : null;
    }
}
