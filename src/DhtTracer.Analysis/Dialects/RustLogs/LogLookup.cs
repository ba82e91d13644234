using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.RustLogs;

namespace DhtTracer.Analysis.Dialects.RustLogs;

/// <summary>
/// Reads requests and dials of one logged query. It sets who heard of whom only where the log proves it. A log names the peers of answers,
/// but not the peers of the routing table that a query began with. So a peer that an answer names may have been known before.
/// </summary>
/// <param name="lookup">Receives peers and requests.</param>
/// <param name="spans">The query.</param>
/// <param name="defaultMessage">The message type of requests whose type the log does not hold.</param>
internal sealed class LogLookup(LookupBuilder lookup, LogSpans spans, MessageType defaultMessage)
{
    private readonly ulong _start = spans.StartUnixNano;

    /// <summary>Whether it is known for every peer how the node heard of it.</summary>
    public bool SeedsKnown { get; private set; }

    /// <summary>Whether the log shows when each request was sent.</summary>
    public bool AllAsked { get; private set; } = true;

    /// <summary>The distinct providers, each with the first answer that named it.</summary>
    public Dictionary<string, RequestDraft> Providers { get; } = new(StringComparer.Ordinal);

    /// <summary>Reads all spans.</summary>
    public void Read()
    {
        foreach (var span in spans.Parts)
        {
            if (lookup.Peer(span.Text(RustLogNames.Peer)) is not { } peer)
            {
                continue;
            }

            if (span.Name == RustLogNames.Dial)
            {
                peer.Add(new PeerDial(At(span.StartUnixNano), End(span) - At(span.StartUnixNano), Reused: false, DialError(span)));
            }
            else
            {
                ReadRequest(span, peer);
            }
        }

        lookup.HearFromAnswers(0);
        Forget();
    }

    /// <summary>Answers with a record or a provider, earliest first.</summary>
    public IEnumerable<RequestDraft> Carrying() =>
        lookup
            .Requests.Where(static request => request.AnswerNs is not null && request is { Records: > 0 } or { Providers: > 0 })
            .OrderBy(static request => request.AnswerNs)
            .ThenBy(static request => request.SpanId);

    private void ReadRequest(Span span, PeerDraft peer)
    {
        long? asked = span.Boolean(RustLogNames.Asked) == true ? At(span.StartUnixNano) : null;
        var end = End(span);
        AllAsked &= asked is not null;
        var request = new RequestDraft(peer, MessageTypes.Parse(span.Text(RustLogNames.Message)) ?? defaultMessage, asked, span.SpanId)
        {
            DurationNs = asked is null ? null : end - asked,
            GivenEndNs = asked is null ? end : null,
            Outcome = Words.TryParse<RequestOutcome>(span.Text(RustLogNames.Outcome), out var outcome) ? outcome : RequestOutcome.NoAnswer,
        };
        if (request.Outcome == RequestOutcome.Failed)
        {
            request.Error = ErrorText.Classify(span.Text(RustLogNames.Error));
        }

        if (span.Strings(RustLogNames.CloserPeers) is { } closer)
        {
            var addresses = span.Strings(RustLogNames.CloserAddresses) ?? [];
            var answer = lookup.BeginAnswer(closer.Count);
            for (var i = 0; i < closer.Count; i++)
            {
                if (closer[i].Length > 0)
                {
                    lookup.AddAnswered(answer, closer[i])?.AddAddresses(i < addresses.Count ? addresses[i] : "");
                }
            }

            request.Closer = answer;
        }

        if (span.Strings(RustLogNames.Providers) is { } providers)
        {
            var distinct = providers.Where(static id => id.Length > 0).Distinct(StringComparer.Ordinal).ToList();
            request.Providers = distinct.Count;
            foreach (var id in distinct)
            {
                if (!Providers.TryGetValue(id, out var first) || request.AnswerNs < first.AnswerNs)
                {
                    Providers[id] = request;
                }
            }
        }

        request.Records = span.Boolean(RustLogNames.Record) is { } record
            ? record
                ? 1
                : 0
            : null;
        lookup.Add(request);
    }

    /// <summary>
    /// Removes what the log does not prove. It proves two things. A peer that was asked before any answer could have named it is from the
    /// routing table. An answer brought nothing new if all its peers were named or asked before. If the known peers of the routing table
    /// are as many as the query began with, then all others were heard of from answers, and nothing is removed.
    /// </summary>
    private void Forget()
    {
        // An answer whose peers are not listed may have named any peer.
        var firstUnlisted = lookup
            .Requests.Where(static request => request is { AnswerNs: not null, Closer: null } && MessageTypes.NamesPeers(request.Type))
            .Min(static request => request.AnswerNs);
        var seeds = lookup
            .Peers.Where(peer => peer is { IsHeard: true, Hops: 0 } && (firstUnlisted is null || peer.FirstSentNs < firstUnlisted))
            .ToHashSet();
        SeedsKnown = firstUnlisted is null && spans.Root?.Count(RustLogNames.Seeds) == seeds.Count;
        if (SeedsKnown)
        {
            return;
        }

        foreach (var peer in lookup.Peers.Where(peer => !seeds.Contains(peer)))
        {
            peer.Hops = null;
            peer.HopsAtLeast = peer.IsKnown ? 0 : null;
            peer.Referrer = null;
            peer.HeardNs = null;
        }

        foreach (var request in lookup.Requests)
        {
            request.New = request.New == 0 ? 0 : null;
        }
    }

    private static TraceError? DialError(Span span) =>
        span.Text(RustLogNames.Error) is { } text ? new TraceError(ErrorClass.DialFailed, text) : null;

    private long At(ulong time) => SpanReading.Nanoseconds(_start, time);

    private long? End(Span span) => span.EndUnixNano == 0 ? null : At(span.EndUnixNano);
}
