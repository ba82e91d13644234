using DhtTracer.Analysis.Export;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Redaction;
using DhtTracer.Storage.Export;
using DhtTracer.Web.Search;
using Microsoft.AspNetCore.Http;

namespace DhtTracer.Web.Exports;

/// <summary>
/// What an address asks to be exported: <c>format</c>, and either queries by <c>id</c> (as often as there are queries; <c>q</c> as in the
/// address of a comparison means the same) or the filters and the order of the list of queries.
/// </summary>
internal sealed class ExportRequest
{
    /// <summary>Queries that can be named; more do not fit into an address.</summary>
    public const int MostIds = 200;

    /// <summary>The parameter that replaces addresses, peer ids, keys and names: <c>redact=1</c>.</summary>
    public const string RedactName = "redact";

    private static readonly HashSet<string> Known = new(QueryListAddress.Names.Where(static name => name != "at"), StringComparer.Ordinal)
    {
        "format",
        "id",
        "q",
        RedactName,
    };

    private ExportRequest(ExportFormat? format, ExportSelection selection, IReadOnlyList<string> problems)
    {
        Format = format;
        Selection = selection;
        Problems = problems;
    }

    /// <summary>The format; null when it is not valid.</summary>
    public ExportFormat? Format { get; }

    /// <summary>Which queries.</summary>
    public ExportSelection Selection { get; }

    /// <summary>What could not be understood, each a sentence with its remedy.</summary>
    public IReadOnlyList<string> Problems { get; }

    /// <summary>Reads an address.</summary>
    public static ExportRequest Parse(IQueryCollection query)
    {
        var problems = new List<string>();

        // A filter with a mistyped name would let everything through.
        problems.AddRange(
            query
                .Keys.Where(name => !Known.Contains(name))
                .Select(name => $"\"{Shown(name)}\" is no parameter of an export; there are {string.Join(", ", Known)}.")
        );
        var format = ExportFormat.Find(query["format"]);
        if (format is null)
        {
            var names = string.Join(", ", ExportFormat.All.Select(static one => one.Name));
            problems.Add(
                query["format"].ToString() is { Length: > 0 } wanted
                    ? $"\"{Shown(wanted)}\" (format) is not one of {names}."
                    : $"The address does not say as what: format is one of {names}."
            );
        }

        var texts = query["id"].Concat(query["q"].Where(static text => QueryId.TryParse(text, out _))).OfType<string>().ToList();
        var selection = texts.Count > 0 ? Named(texts, query, problems) : Filtered(query, problems);
        if (format is { Sets: false } && selection.Ids is not { Count: 1 })
        {
            problems.Add($"A file of the format {format.Name} holds one query: name it by id.");
        }

        if (query[RedactName].ToString() is not ("" or "0" or "1") and var redact)
        {
            problems.Add($"\"{Shown(redact)}\" (redact) is not 0 or 1.");
        }

        return new ExportRequest(format, selection with { Redactor = RedactorOf(query) }, problems);
    }

    /// <summary>What replaces names, with a secret of its own for each file; null when the address does not ask for it. Any value but 0
    /// asks for it: what was meant to be hidden must not be shown.</summary>
    public static Redactor? RedactorOf(IQueryCollection query) =>
        query[RedactName].ToString() is "" or "0" ? null : new Redactor(RedactionSecret.Random());

    private static ExportSelection Named(List<string> texts, IQueryCollection query, List<string> problems)
    {
        if (query.Keys.Any(static name => name is not ("q" or RedactName) && QueryListAddress.Names.Contains(name)))
        {
            problems.Add("Name queries by id, or filter them: not both.");
        }

        if (texts.Count > MostIds)
        {
            problems.Add($"No more than {MostIds} queries can be named; filter them instead.");
        }

        var ids = new List<QueryId>();
        foreach (var text in texts.Take(MostIds))
        {
            if (QueryId.TryParse(text, out var id))
            {
                ids.Add(id);
            }
            else
            {
                problems.Add($"\"{Shown(text)}\" (id) is not a permalink of the form traceId-spanId.");
            }
        }

        return ExportSelection.Of([.. ids.Distinct()]);
    }

    private static ExportSelection Filtered(IQueryCollection query, List<string> problems)
    {
        var address = QueryListAddress.Parse(query);
        problems.AddRange(address.Problems);
        if (address.NamesPeerByEnd)
        {
            problems.Add("An export needs the whole id of a peer, not its end.");
        }

        return ExportSelection.Of(address.Filter, address.Sort);
    }

    private static string Shown(string text) => text.Length <= 60 ? text : string.Concat(text.AsSpan(0, 60), "…");
}
