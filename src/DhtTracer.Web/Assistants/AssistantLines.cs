using System.Collections.Immutable;
using DhtTracer.Analysis.Explain;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Analysis.Statistics.Comparing;
using DhtTracer.Storage.Operations;
using Microsoft.AspNetCore.Http;

namespace DhtTracer.Web.Assistants;

/// <summary>Makes the lines of answers, with links to the pages of this site.</summary>
/// <param name="Site">Scheme and host under which the assistant reached the site; empty when it is not known.</param>
internal sealed record AssistantLines(string Site)
{
    /// <summary>Lines that link to where a request came in.</summary>
    public static AssistantLines Of(HttpContext? context) =>
        new(context is null ? "" : $"{context.Request.Scheme}://{context.Request.Host}{context.Request.PathBase}");

    public OperationLine Of(ListedOperation row) => Of(row.Operation, row.Decisive);

    /// <summary>An operation and the query that gave its answer.</summary>
    public OperationLine Of(Operation operation, QuerySummary? decisive) =>
        new(
            operation.Id.ToString(),
            $"{Site}/o/{operation.Id}",
            Words.Of(operation.Type),
            operation.Key?.Text,
            Words.Of(operation.Outcome),
            operation.Error?.Class,
            DateTime.UnixEpoch.AddTicks((long)(operation.StartUnixNano / 100)),
            Milliseconds.OfNs(operation.DurationNs),
            Milliseconds.OfNs(operation.DiscoveryNs),
            operation.Results,
            decisive?.Hops,
            decisive?.Counts.Queried,
            operation.Service,
            operation.Node
        );

    public PeerLine Of(PeerSummary peer) =>
        new(
            peer.PeerId,
            PeerLink(peer.PeerId),
            peer.Agents.IsEmpty ? null : peer.Agents[^1].Text,
            peer.Seen,
            peer.Queried,
            peer.Answered,
            peer.Failures,
            Milliseconds.OfNs(peer.TimeLostNs),
            Milliseconds.OfNs(peer.RequestLatency.P50?.Value),
            Milliseconds.OfNs(peer.DialLatency.P50?.Value)
        );

    public WaitedForPeer Of(Culprit culprit) =>
        new(
            culprit.PeerId,
            PeerLink(culprit.PeerId),
            culprit.Agent,
            culprit.Kind,
            culprit.ErrorClass,
            Ms(culprit.DurationNs),
            Math.Round(culprit.Share, 4)
        );

    public static SpentTime Of(Blame blame) =>
        new(blame.Kind, blame.ErrorClass, blame.Peers, Ms(blame.DurationNs), Math.Round(blame.Share, 4));

    public static FigureLine Of(ComparedFigure figure)
    {
        var (unit, scale) = figure.Figure.Unit switch
        {
            FigureUnit.Nanoseconds => ("ms", 1e-6),
            FigureUnit.Share => ("share", 1.0),
            _ => ("count", 1.0),
        };
        return new FigureLine(
            figure.Figure.Label,
            unit,
            figure.A is { } a ? Math.Round(a * scale, 4) : null,
            figure.B is { } b ? Math.Round(b * scale, 4) : null,
            figure.Verdict.Text,
            figure.Verdict.Better
        );
    }

    public static TimeDifference Of(LostTime lost) => new(lost.Name, Ms(lost.A), Ms(lost.B), lost.Significant);

    /// <summary>Failed dials and requests by error class, most frequent first; without cancelled ones.</summary>
    public static ImmutableArray<NamedCount> Failures(Query query) =>
        [
            .. query
                .Peers.SelectMany(static peer =>
                    peer.Requests.Select(static request => request.Error?.Class)
                        .Append(peer.Dial is { Reused: false } dial ? dial.Error?.Class : null)
                )
                .OfType<string>()
                .Where(static error => error != ErrorClass.Cancelled)
                .CountBy(static error => error)
                .Select(static error => new NamedCount(error.Key, error.Value))
                .OrderByDescending(static error => error.Count)
                .ThenBy(static error => error.Name, StringComparer.Ordinal),
        ];

    /// <summary>Milliseconds of nanoseconds, to the microsecond.</summary>
    public static double Ms(double ns) => Math.Round(ns / 1e6, 3);

    private string PeerLink(string peer) => $"{Site}/peers/{Uri.EscapeDataString(peer)}";
}
