using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using DhtTracer.Hosting;
using DhtTracer.Storage.Postgres;
using DhtTracer.Storage.Sqlite;

namespace DhtTracer.Cli;

/// <summary>Options that several commands share.</summary>
internal static class CommonOptions
{
    /// <summary><c>--data DIR</c>, on every command: a folder, or a PostgreSQL database.</summary>
    public static Option<string> Data { get; } =
        new("--data")
        {
            Description =
                $"Data directory, which holds {SqliteOptions.FileName}; or a PostgreSQL database as postgres://USER@HOST/DATABASE. "
                + $"Also set by {Settings.Prefix}DATA.",
            HelpName = "DIR",
            Recursive = true,
            Validators = { Check },
            DefaultValueFactory = static _ => "data",
        };

    /// <summary>The file of keys; null for the one in the data directory.</summary>
    public static Option<string?> KeyFile { get; } =
        new("--key-file")
        {
            Description = $"File of the keys. [default: {Web.Access.KeyFile.DefaultName} in the data directory]",
            HelpName = "FILE",
        };

    public static Option<bool> Json() => new("--json") { Description = "Print JSON, for programs." };

    /// <summary>A duration option such as <c>--since 24h</c>.</summary>
    public static Option<ShownDuration> Duration(string name, string description, TimeSpan defaultValue, string shown) =>
        new(name)
        {
            Description = description,
            HelpName = "DURATION",
            CustomParser = result => new ShownDuration(DurationValue.Parse(result), result.Tokens[0].Value),
            DefaultValueFactory = _ => new ShownDuration(defaultValue, shown),
        };

    /// <summary>The chosen data directory, with its full path, or the database as the user wrote it.</summary>
    public static string DataDirectory(this ParseResult result) =>
        result.GetValue(Data)! is var place && PostgresConnection.IsConnection(place) ? place : Path.GetFullPath(place);

    /// <summary>Restricts an option to integers within a range. The parser itself refuses other text.</summary>
    public static void Within(this Option<int> option, int min, int max) =>
        option.Validators.Add(result =>
        {
            if (
                result.Tokens is [{ Value: var text }]
                && int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            )
            {
                result.Require(
                    number >= min && number <= max,
                    max == int.MaxValue ? $"{option.Name} takes {min} or more." : $"{option.Name} takes {min} to {max}."
                );
            }
        });

    /// <summary>Adds an error to a result unless a condition holds.</summary>
    public static void Require(this SymbolResult result, bool condition, string message)
    {
        if (!condition)
        {
            result.AddError(message);
        }
    }

    private static void Check(OptionResult result)
    {
        if (result.Tokens is [{ Value: var text }] && PostgresConnection.IsConnection(text))
        {
            try
            {
                Archive.ConnectionOf(text);
            }
            catch (FormatException error)
            {
                result.AddError(error.Message);
            }
        }
    }
}
