using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using DhtTracer.Traces.Model;

namespace DhtTracer.Traces.RustLogs;

/// <summary>A query while its lines are read. Ids derive from its first line, so reading a log again gives the same spans.</summary>
/// <param name="scope">Scope of its spans.</param>
/// <param name="identity">What distinguishes it from all other queries.</param>
/// <param name="at">Time of its first line.</param>
internal sealed class RustLogQuery(InstrumentationScope scope, string identity, ulong at)
{
    /// <summary>Maximum number of end lines kept per query. A bootstrap has one for each of its searches.</summary>
    private const int MostEvents = 1000;

    private readonly ulong _startNs = at;
    private readonly byte[] _identity = Encoding.UTF8.GetBytes(identity);
    private readonly List<(string Key, AttributeValue Value)> _attributes = [];
    private readonly List<SpanEvent> _events = [];
    private readonly Dictionary<string, int> _parts = new(StringComparer.Ordinal);

    /// <summary>Time of the last line about it.</summary>
    public ulong LastNs { get; set; } = at;

    /// <summary>Whether a line said that the query or a part of it is finished.</summary>
    public bool HasEnded => _events.Count > 0;

    /// <summary>Whether the node made the query for itself.</summary>
    public bool IsBackground { get; private set; }

    /// <summary>Marks it as a query that the node made for itself.</summary>
    public void MarkBackground()
    {
        IsBackground = true;
        Set(RustLogNames.Background, true);
    }

    /// <summary>Sets an attribute of the root. The first value wins.</summary>
    public void Set(string key, AttributeValue value)
    {
        if (!_attributes.Exists(item => item.Key == key))
        {
            _attributes.Add((key, value));
        }
    }

    /// <summary>Adds an event to the root. The last event is the end of the query.</summary>
    public void Add(string what, ulong when)
    {
        if (_events.Count < MostEvents)
        {
            _events.Add(new SpanEvent { Name = what, TimeUnixNano = when });
        }
    }

    /// <summary>Adds a request or dial. Its id depends only on how many the peer had before, not on later lines.</summary>
    public RustLogPart Part(string name, string peer)
    {
        var kind = $"{name} {peer}";
        var number = _parts.GetValueOrDefault(kind);
        _parts[kind] = number + 1;
        return new RustLogPart(name, peer, Id($"{kind} {number}"));
    }

    public Span Root() =>
        Span(
            Id("root"),
            default,
            RustLogNames.Query,
            _startNs,
            HasEnded ? Math.Max(_startNs, _events[^1].TimeUnixNano) : 0,
            _attributes
        ) with
        {
            Events = [.. _events],
        };

    /// <summary>Converts a part to its span.</summary>
    public Span ToSpan(RustLogPart part)
    {
        var start = part.StartNs ?? part.EndNs ?? LastNs;
        return Span(part.Id, Id("root"), part.Name, start, part.EndNs is { } end ? Math.Max(start, end) : 0, part.Attributes());
    }

    private Span Span(
        SpanId id,
        SpanId parent,
        string name,
        ulong start,
        ulong end,
        IEnumerable<(string Key, AttributeValue Value)> attributes
    ) =>
        new()
        {
            TraceId = TraceId.FromBytes(SHA256.HashData(_identity)),
            SpanId = id,
            ParentSpanId = parent,
            Name = name,
            Kind = SpanKind.Internal,
            StartUnixNano = start,
            EndUnixNano = end,
            Attributes = AttributeList.Of(attributes),
            Resource = Resource.Empty,
            Scope = scope,
        };

    private SpanId Id(string part)
    {
        var value = BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData([.. _identity, 0, .. Encoding.UTF8.GetBytes(part)]));
        return new SpanId(value == 0 ? 1 : value);
    }
}

/// <summary>A request or dial while its lines are read.</summary>
internal sealed class RustLogPart(string name, string peer, SpanId id)
{
    private readonly List<AttributeValue> _closer = [];
    private readonly List<AttributeValue> _addresses = [];

    public string Name { get; } = name;

    public string Peer { get; } = peer;

    public SpanId Id { get; } = id;

    /// <summary>When it was sent; null if not logged.</summary>
    public ulong? StartNs { get; set; }

    /// <summary>When it ended; null if it did not.</summary>
    public ulong? EndNs { get; set; }

    public string? Message { get; set; }

    public string? Outcome { get; set; }

    public string? Error { get; set; }

    /// <summary>Whether the log lists the peers of the answer.</summary>
    public bool ListsCloser { get; set; }

    public IReadOnlyList<string>? Providers { get; set; }

    public bool? Record { get; set; }

    public void AddCloser(string id, string addresses)
    {
        _closer.Add(id);
        _addresses.Add(addresses);
    }

    public IEnumerable<(string Key, AttributeValue Value)> Attributes()
    {
        yield return (RustLogNames.Peer, Peer);
        if (StartNs is not null)
        {
            yield return (RustLogNames.Asked, true);
        }

        if (Message is not null)
        {
            yield return (RustLogNames.Message, Message);
        }

        if (Outcome is not null)
        {
            yield return (RustLogNames.Outcome, Outcome);
        }

        if (Error is not null)
        {
            yield return (RustLogNames.Error, Error);
        }

        if (ListsCloser)
        {
            yield return (RustLogNames.CloserPeers, new ArrayValue([.. _closer]));
            yield return (RustLogNames.CloserAddresses, new ArrayValue([.. _addresses]));
        }

        if (Providers is not null)
        {
            yield return (RustLogNames.Providers, new ArrayValue([.. Providers.Select(static id => (AttributeValue)id)]));
        }

        if (Record is { } record)
        {
            yield return (RustLogNames.Record, record);
        }
    }
}
