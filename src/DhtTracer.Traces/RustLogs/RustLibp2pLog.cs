namespace DhtTracer.Traces.RustLogs;

/// <summary>
/// Reads the lines of rust-libp2p's <c>libp2p_kad</c> (0.45 to 0.49). They give answers and failures with their query, and the peers that
/// each answer named. They do not say what a query is for, nor when a request was sent. With <c>multistream_select=debug</c>, each request
/// also appears as an opened stream, but without its query.
/// </summary>
/// <example>
/// <c>Request to peer in query succeeded peer=12D3… query=QueryId(0)</c>, followed by a line
/// <c>Peer reported by source in query peer=KadPeer {…} source=12D3… query=QueryId(0)</c> for each peer of the answer
/// </example>
internal sealed class RustLibp2pLog(RustLogTraces traces)
{
    private const string Succeeded = "Request to peer in query succeeded";
    private const string FailedWith = "Request to peer in query failed with ";
    private const string Reported = "Peer reported by source in query";
    private const string Finished = "Query finished";
    private const string TimedOut = "Query timed out";
    private const string NotFound = "Record not found at source";
    private const string Proposed = "Dialer: Proposed protocol";

    /// <summary>Maximum number of queries kept open. A bootstrap continues for minutes after its first end.</summary>
    private const int MostOpen = 10_000;

    /// <summary>Maximum number of peers whose opened streams are remembered.</summary>
    private const int MostPeersAsked = 100_000;

    /// <summary>libp2p gives up a stream after 10 s. An older stream belongs to a query that ended before its answer came.</summary>
    private const ulong LongestStreamNs = 11_000_000_000;

    /// <summary>
    /// libp2p ends each search of a bootstrap after 60 s, so no bootstrap is silent for longer. If a finished query's number reappears
    /// after a longer silence, the process was restarted and this is another query.
    /// </summary>
    private const ulong LongestSilenceNs = 70_000_000_000;

    private readonly Dictionary<ulong, Entry> _queries = [];
    private readonly Dictionary<string, List<ulong>> _streams = new(StringComparer.Ordinal);
    private (string Source, byte[]? Key)? _withoutRecord;
    private Entry? _last;

    /// <summary>Reads a line.</summary>
    public void Read(RustLogLine line, ulong at)
    {
        if (line.Field("local_peer_id") is { } node && RustDebugText.Peer(node) is { } started)
        {
            Finish();
            traces.Node = started;
        }
        else if (line.Message.StartsWith(Proposed, StringComparison.Ordinal))
        {
            // multistream-select 0.13 writes the protocol in the message, 0.14 in a field.
            var protocol = line.Field("protocol") ?? line.Message[Proposed.Length..];

            // compact() writes the fields of the spans after those of the line.
            if (
                (line.SpanPeer ?? RustDebugText.Peer(line.Field("peer"))) is { } peer
                && protocol.Contains("/kad", StringComparison.Ordinal)
            )
            {
                Opened(peer, at);
            }
        }
        else if (line.Message == NotFound)
        {
            // This line names no query. The answer it is about follows immediately.
            _withoutRecord = RustDebugText.Peer(line.Field("source")) is { } source
                ? (source, RustDebugText.Key(line.Field("record")))
                : null;
        }
        else if (RustDebugText.QueryId(line.Field("query")) is { } number)
        {
            ReadOfQuery(line, number, at);
        }
    }

    /// <summary>Ends all queries, because the process or the log ended.</summary>
    public void Finish()
    {
        foreach (var entry in _queries.Values)
        {
            // The lines of one answer are adjacent. An answer with no line after it may be cut off.
            if (entry == _last && entry.Answer is { } cut)
            {
                cut.ListsCloser = false;
            }

            Close(entry);
            traces.Finish(entry.Query);
        }

        _queries.Clear();
        _streams.Clear();
        _withoutRecord = null;
        _last = null;
    }

    private void ReadOfQuery(RustLogLine line, ulong number, ulong at)
    {
        if (
            line.Message is not (Succeeded or Reported or Finished or TimedOut)
            && !line.Message.StartsWith(FailedWith, StringComparison.Ordinal)
        )
        {
            return;
        }

        var entry = EntryOf(number, line, at);
        entry.Query.LastNs = Math.Max(entry.Query.LastNs, at);
        _last = entry;
        if (line.Message == Reported)
        {
            Named(entry, line);
            return;
        }

        Close(entry);
        if (line.Message is Finished or TimedOut)
        {
            entry.Query.Add(line.Message == Finished ? RustLogNames.Finished : RustLogNames.TimedOut, at);
        }
        else if (RustDebugText.Peer(line.Field("peer")) is { } peer)
        {
            Ended(entry, peer, line.Message, at);
        }

        _withoutRecord = null;
    }

    private void Ended(Entry entry, string peer, string message, ulong at)
    {
        var request = entry.Query.Part(RustLogNames.Request, peer);
        request.EndNs = at;
        if (message == Succeeded)
        {
            if (entry.Query.HasEnded)
            {
                // Only a bootstrap searches again after a search. What a put or a provide does after its search is not logged as an answer.
                entry.Query.MarkBackground();
            }

            request.StartNs = StreamOf(peer, at, oldest: false);
            request.Outcome = "answered";
            request.ListsCloser = true;
            if (_withoutRecord is { } without && without.Source == peer)
            {
                request.Record = false;
                entry.Query.Set(RustLogNames.Kind, "GET_VALUE");
                if (without.Key is { } key)
                {
                    entry.Query.Set(RustLogNames.Key, Convert.ToHexStringLower(key));
                }
            }

            entry.Answer = request;
            return;
        }

        request.Error = message[FailedWith.Length..];

        // Of the streams that time out, the one opened first times out first.
        request.StartNs = StreamOf(peer, at, oldest: request.Error.Contains("TimedOut", StringComparison.Ordinal));
        request.Outcome = "failed";
        traces.Finish(entry.Query.ToSpan(request));
    }

    private static void Named(Entry entry, RustLogLine line)
    {
        // A log that begins in the middle of an answer does not hold all peers of the answer.
        if (
            entry.Answer is { } answer
            && answer.Peer == RustDebugText.Peer(line.Field("source"))
            && RustDebugText.KadPeer(line.Field("peer")) is { } named
        )
        {
            answer.AddCloser(named.Id, named.Addresses);
        }
    }

    private Entry EntryOf(ulong number, RustLogLine line, ulong at)
    {
        if (_queries.TryGetValue(number, out var known))
        {
            if (line.Time is null || !known.Query.HasEnded || at < known.Query.LastNs || at - known.Query.LastNs <= LongestSilenceNs)
            {
                return known;
            }

            Finish();
        }

        if (_queries.Count >= MostOpen)
        {
            Evict();
        }

        var entry = new Entry(traces.Begin(number, line, at));
        _queries.Add(number, entry);
        return entry;
    }

    private void Evict()
    {
        foreach (var (number, entry) in _queries.OrderBy(static item => item.Value.Query.LastNs).Take(MostOpen / 2).ToList())
        {
            Close(entry);
            traces.Finish(entry.Query);
            _queries.Remove(number);
        }
    }

    private void Close(Entry entry)
    {
        if (entry.Answer is { } answer)
        {
            entry.Answer = null;
            traces.Finish(entry.Query.ToSpan(answer));
        }
    }

    private void Opened(string peer, ulong at)
    {
        if (!_streams.TryGetValue(peer, out var opened))
        {
            if (_streams.Count >= MostPeersAsked)
            {
                _streams.Clear();
            }

            _streams.Add(peer, opened = []);
        }

        opened.RemoveAll(stream => IsOver(stream, at));
        opened.Add(at);
    }

    /// <summary>
    /// When the stream of this answer was opened. Lines about streams do not name the query, so the start is given only if a single stream
    /// is possible. It is unknown near stores, because their answers are not logged. With <paramref name="oldest"/>, the oldest of several
    /// streams is taken.
    /// </summary>
    private ulong? StreamOf(string peer, ulong at, bool oldest)
    {
        if (!_streams.TryGetValue(peer, out var opened))
        {
            return null;
        }

        opened.RemoveAll(stream => IsOver(stream, at));
        ulong? found = opened.Count == 1 || (oldest && opened.Count > 0) ? opened[0] : null;
        if (opened.Count > 0)
        {
            opened.RemoveAt(0);
        }

        if (opened.Count == 0)
        {
            _streams.Remove(peer);
        }

        return found;
    }

    private static bool IsOver(ulong stream, ulong at) => at > stream && at - stream > LongestStreamNs;

    private sealed class Entry(RustLogQuery query)
    {
        public RustLogQuery Query { get; } = query;

        /// <summary>The answer whose peers are being read.</summary>
        public RustLogPart? Answer { get; set; }
    }
}
