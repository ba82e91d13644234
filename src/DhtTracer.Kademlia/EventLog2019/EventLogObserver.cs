using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using DhtTracer.Kademlia.Lookups;
using DhtTracer.Kademlia.Messages;
using DhtTracer.Kademlia.Network;
using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia.EventLog2019;

/// <summary>
/// Writes a query as events of the 2019 dht-tracer log, for tools of that time. One observer per query. Every event is a JSON object with
/// the state of the runner, for example
/// <c>{"event":"dhtQueryRunner.addPeerToQuery","system":"dht","time":"2019-07-25T01:26:20.3Z","peerID":"Qm…","Hops":0,
/// "XOR":12,"QueryRunner":{…}}</c>.
/// </summary>
/// <param name="write">Receives each event as JSON text. Must not block.</param>
public sealed class EventLogObserver(Action<string> write) : IQueryObserver
{
    private const string NotEnded = "0001-01-01T00:00:00Z";
    private const string NoNamespace = "/provider/";

    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly List<LookupPeer> _seen = [];
    private readonly List<LookupPeer> _queried = [];
    private readonly List<LookupPeer> _dialedNew = [];
    private readonly HashSet<LookupPeer> _dialing = [];
    private readonly HashSet<LookupPeer> _asking = [];
    private readonly HashSet<LookupPeer> _done = [];
    private readonly HashSet<LookupPeer> _answered = [];
    private readonly List<LookupPeer> _named = [];
    private QueryDescription? _query;
    private QueryEnd? _end;
    private string _key = "";
    private bool _found;

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
        // Readers compare an answer's peers with the peers seen so far, so the new peers are logged after the result.
        if (peer.Referrer is not null)
        {
            _named.Add(peer);
        }
        else
        {
            WriteHeard(peer);
        }
    }

    /// <inheritdoc/>
    public void DialStarted(LookupPeer peer, DateTimeOffset time)
    {
        _dialing.Add(peer);
        if (peer.State == PeerState.Dialing)
        {
            _dialedNew.Add(peer);
            Write("dialPeer.Dialing", time, peer);
        }
    }

    /// <inheritdoc/>
    public void DialEnded(LookupPeer peer, DateTimeOffset time, DialResult result)
    {
        _dialing.Remove(peer);
        if (result.Connection is null)
        {
            _done.Add(peer);
        }

        Write(
            result.Reused ? "dialPeer.AlreadyConnected"
                : result.Connection is null ? "dialPeer.DialFailure"
                : "dialPeer.DialSuccess",
            time,
            peer
        );
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
            AddQueried(peer);
            var success = !_found && GivesResult(request, answer);
            _found |= success;
            Write(
                "queryPeer.Result",
                time,
                peer,
                json =>
                {
                    json.WriteBoolean("success", success);
                    WritePeers(json, "closerPeers", answer.CloserPeers.Select(named => named.Id.ToString()));
                    WritePeers(json, "filteredPeers", request.NewPeers.Select(heard => heard.Text));
                }
            );
            foreach (var named in _named)
            {
                WriteHeard(named);
            }

            _named.Clear();
        }

        _asking.Remove(peer);
        _done.Add(peer);
        AddQueried(peer);
        Write("queryPeer.End", time, peer);
    }

    /// <inheritdoc/>
    public void QueryEnded(QueryEnd end)
    {
        _end = end;
        _found |= end.Outcome == QueryOutcome.Success;
        Write("Run.End", end.Time);
    }

    /// <summary>
    /// Writes keys as in 2019: the path of a record key unchanged, and <c>/provider/</c> before anything without a namespace, including
    /// peer ids. A CID is written as the caller wrote it.
    /// </summary>
    private static string KeyOf(QueryDescription query)
    {
        if (query.Type is QueryType.GetProviders or QueryType.AddProvider && Cid.TryParse(query.KeyText, out _))
        {
            return NoNamespace + query.KeyText;
        }

        return PeerId.TryParse(query.Key.Span, out var peer)
            ? NoNamespace + peer
            : RecordKey.ToText(query.Key.Span) ?? NoNamespace + Multibase.Encode(MultibaseEncoding.Base58Btc, query.Key.Span);
    }

    private void WriteHeard(LookupPeer peer)
    {
        _seen.Add(peer);

        // The field XOR of 2019 is the common prefix length.
        Write(
            "addPeerToQuery",
            peer.HeardAt,
            peer,
            json =>
            {
                json.WriteNumber("Hops", peer.Hops);
                json.WriteNumber("XOR", KadId.Bits - peer.Xor);
            }
        );
    }

    private static string Text(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);

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
        WriteEvent(
            "dhtQueryRunner." + name,
            time,
            peer,
            json =>
            {
                fields?.Invoke(json);
                json.WriteStartObject("QueryRunner");
                WriteRunner(json, time);
                json.WriteEndObject();
            }
        );

    private void WriteMessage(string name, DateTimeOffset time, LookupPeer peer, MessageType type, string key) =>
        WriteEvent(
            name,
            time,
            peer,
            json =>
            {
                json.WriteStartObject("message");
                json.WriteString("key", key);
                json.WriteString("type", Words.Of(type));
                json.WriteEndObject();
            }
        );

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
        json.WriteString("Type", Words.Of(_query!.Type));
        json.WriteNumber("Concurrency", _query.Parameters.Alpha);
        json.WriteEndObject();
        WritePeers(json, "PeersSeen", _seen.Select(peer => peer.Text));
        WritePeers(json, "PeersQueried", _queried.Select(peer => peer.Text));
        json.WriteNull("PeersDialed");
        WritePeers(json, "PeersDialedNew", _dialedNew.Select(peer => peer.Text));
        json.WriteNumber("PeersDialQueueLen", _dialing.Count);
        json.WriteNumber("PeersToQueryLen", _seen.Count(peer => peer.State == PeerState.Connected));
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
        json.WriteBoolean("Success", _found);
        json.WriteString("FoundPeer", _found && _query!.Type == QueryType.FindPeer ? _key[NoNamespace.Length..] : "");
        if (_found)
        {
            WritePeers(json, "CloserPeers", []);
        }
        else
        {
            json.WriteNull("CloserPeers");
        }

        // It is null in every log of 2019.
        json.WriteNull("FinalSet");
        json.WriteNull("QueriedSet");
        json.WriteEndObject();
    }

    /// <summary>Whether an answer contains the result of the query: the peer, a provider, or a valid record.</summary>
    private bool GivesResult(RequestEnd request, KadMessage answer) =>
        _query!.Type switch
        {
            QueryType.GetProviders => answer.ProviderPeers.Count > 0,
            QueryType.GetValue => request.RecordValid == true,
            QueryType.FindPeer => request.GoalReached,
            _ => false,
        };

    private void AddQueried(LookupPeer peer)
    {
        if (_answered.Add(peer))
        {
            _queried.Add(peer);
        }
    }
}
