using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using DhtTracer.Libp2p.Multiformats;

namespace DhtTracer.Kademlia.EventLog2019;

/// <summary>
/// Tells a query in the event log of the dht-tracer of 2019, so that tools of that time can follow it. One for each query. Every event
/// is a JSON object with the state of the runner, for example
/// <c>{"event":"dhtQueryRunner.addPeerToQuery","system":"dht","time":"2019-07-25T01:26:20.3Z","peerID":"Qm…","Hops":0,"XOR":12,"QueryRunner":{…}}</c>.
/// </summary>
/// <param name="write">Takes each event as JSON text. Must not block.</param>
public sealed class EventLogObserver(Action<string> write) : IQueryObserver
{
    private const string NotEnded = "0001-01-01T00:00:00Z";

    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly List<LookupPeer> _seen = [];
    private readonly List<LookupPeer> _queried = [];
    private readonly List<LookupPeer> _dialed = [];
    private readonly List<LookupPeer> _dialedNew = [];
    private readonly HashSet<LookupPeer> _dialing = [];
    private readonly HashSet<LookupPeer> _asking = [];
    private readonly HashSet<LookupPeer> _done = [];
    private readonly List<string> _results = [];
    private QueryDescription? _query;
    private QueryEnd? _end;
    private string _key = "";

    /// <inheritdoc/>
    public void QueryStarted(QueryDescription query)
    {
        _query = query;
        _key = KeyOf(query);
        Write("Run.Start", query.Start);
    }

    /// <inheritdoc/>
    public void PeerHeard(LookupPeer peer)
    {
        _seen.Add(peer);

        // The field XOR of 2019 is the common prefix length.
        Write("addPeerToQuery", peer.HeardAt, peer, json =>
        {
            json.WriteNumber("Hops", peer.Hops);
            json.WriteNumber("XOR", KadId.Bits - peer.Xor);
        });
    }

    /// <inheritdoc/>
    public void DialStarted(LookupPeer peer, DateTimeOffset time)
    {
        _dialing.Add(peer);
        if (peer.State == LookupPeerState.Dialing)
        {
            _dialedNew.Add(peer);
            Write("dialPeer.Dialing", time, peer);
        }
    }

    /// <inheritdoc/>
    public void DialEnded(LookupPeer peer, DateTimeOffset time, DialResult result)
    {
        _dialing.Remove(peer);
        if (result.Connection is not null)
        {
            _dialed.Add(peer);
        }
        else
        {
            _done.Add(peer);
        }

        Write(result.Reused ? "dialPeer.AlreadyConnected" : result.Connection is null ? "dialPeer.DialFailure" : "dialPeer.DialSuccess", time, peer);
    }

    /// <inheritdoc/>
    public void RequestStarted(LookupPeer peer, DateTimeOffset time, RequestStart request)
    {
        _asking.Add(peer);
        Write("queryPeer.Start", time, peer);
        WriteMessage("dhtSentMessage", time, peer, request.Type, _key[(_key.LastIndexOf('/') + 1)..]);
    }

    /// <inheritdoc/>
    public void RequestEnded(LookupPeer peer, DateTimeOffset time, RequestEnd request)
    {
        if (request.Answer is { } answer)
        {
            WriteMessage("dhtReceivedMessage", time, peer, answer.Type, "");
            _queried.Add(peer);
            Write("queryPeer.Result", time, peer, json =>
            {
                json.WriteBoolean("success", request.GoalReached);
                WritePeers(json, "closerPeers", answer.CloserPeers.Select(named => named.Id.ToString()));
                WritePeers(json, "filteredPeers", request.NewPeers.Select(heard => heard.Text));
            });
        }

        _asking.Remove(peer);
        _done.Add(peer);
        Write("queryPeer.End", time, peer);
    }

    /// <inheritdoc/>
    public void ResultFound(LookupPeer answeredBy, DateTimeOffset time, string result) => _results.Add(result);

    /// <inheritdoc/>
    public void QueryEnded(QueryEnd end)
    {
        _end = end;
        Write("Run.End", end.Time);
    }

    /// <summary>
    /// The three forms that readers of the log know: a peer id, <c>/provider/</c> and a multihash, or the path of a record key.
    /// </summary>
    private static string KeyOf(QueryDescription query)
    {
        if (query.Type is DhtQueryType.GetProviders or DhtQueryType.AddProvider && Multihash.TryParse(query.Key.Span, out var multihash))
        {
            return $"/provider/{multihash}";
        }

        return PeerId.TryParse(query.Key.Span, out var peer) ? peer.ToString() : RecordKey.ToText(query.Key.Span) ?? query.KeyText;
    }

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);

    private static void WritePeers(Utf8JsonWriter json, string name, IEnumerable<string> peers)
    {
        json.WriteStartArray(name);
        foreach (var peer in peers)
        {
            json.WriteStringValue(peer);
        }

        json.WriteEndArray();
    }

    private void Write(string name, DateTimeOffset time, LookupPeer? peer = null, Action<Utf8JsonWriter>? fields = null) =>
        WriteEvent("dhtQueryRunner." + name, time, peer, json =>
        {
            fields?.Invoke(json);
            json.WriteStartObject("QueryRunner");
            WriteRunner(json, time);
            json.WriteEndObject();
        });

    private void WriteMessage(string name, DateTimeOffset time, LookupPeer peer, KadMessageType type, string key) => WriteEvent(name, time, peer, json =>
    {
        json.WriteStartObject("message");
        json.WriteString("key", key);
        json.WriteString("type", type.ToText());
        json.WriteEndObject();
    });

    private void WriteEvent(string name, DateTimeOffset time, LookupPeer? peer, Action<Utf8JsonWriter> fields)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Json))
        {
            json.WriteStartObject();
            json.WriteString("event", name);
            json.WriteString("system", "dht");
            json.WriteString("time", Text(time));
            if (peer is not null)
            {
                json.WriteString("peerID", peer.Text);
            }

            fields(json);
            json.WriteEndObject();
        }

        write(Encoding.UTF8.GetString(buffer.WrittenSpan));
    }

    private void WriteRunner(Utf8JsonWriter json, DateTimeOffset now)
    {
        json.WriteStartObject("Query");
        json.WriteString("Key", _key);
        json.WriteString("Type", _query!.Type.ToText());
        json.WriteNumber("Concurrency", _query.Parameters.Alpha);
        json.WriteEndObject();
        WritePeers(json, "PeersSeen", _seen.Select(peer => peer.Text));
        WritePeers(json, "PeersQueried", _queried.Select(peer => peer.Text));
        WritePeers(json, "PeersDialed", _dialed.Select(peer => peer.Text));
        WritePeers(json, "PeersDialedNew", _dialedNew.Select(peer => peer.Text));
        json.WriteNumber("PeersDialQueueLen", _dialing.Count);
        json.WriteNumber("PeersToQueryLen", _seen.Count(peer => peer.State == LookupPeerState.Connected));
        json.WriteNumber("PeersRemainingLen", _seen.Count - _done.Count);
        json.WriteStartObject("RateLimit");
        json.WriteNumber("Capacity", _query.Parameters.Alpha);
        json.WriteNumber("Length", Math.Max(0, _query.Parameters.Alpha - _dialing.Count - _asking.Count));
        json.WriteEndObject();
        WriteResult(json);
        json.WriteString("StartTime", Text(_query.Start));
        json.WriteString("CurrTime", Text(now));
        json.WriteString("EndTime", _end is null ? NotEnded : Text(_end.Time));
    }

    private void WriteResult(Utf8JsonWriter json)
    {
        json.WriteStartObject("Result");
        json.WriteBoolean("Success", _end?.Outcome == DhtQueryOutcome.Success);
        json.WriteString("FoundPeer", _query!.Type == DhtQueryType.FindPeer && _results.Count > 0 ? _results[0] : "");
        if (_end is null)
        {
            json.WriteNull("CloserPeers");
            json.WriteNull("FinalSet");
            json.WriteNull("QueriedSet");
        }
        else
        {
            WritePeers(json, "CloserPeers", []);
            WritePeers(json, "FinalSet", _queried.OrderBy(peer => peer.Xor).Take(_query.Parameters.K).Select(peer => peer.Text));
            WritePeers(json, "QueriedSet", _queried.Select(peer => peer.Text));
        }

        json.WriteEndObject();
    }
}
