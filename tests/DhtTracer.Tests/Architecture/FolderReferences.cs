using System.Reflection;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using DhtTracer.TestSupport;

namespace DhtTracer.Tests.Architecture;

/// <summary>A use of a type of one file by a type of another file of the same project; paths relative to the project.</summary>
internal readonly record struct FileReference(string FromFile, Type From, string ToFile, Type To);

/// <summary>
/// Which files of a project use types of which others, as the compiler saw it: signatures, attributes and method bodies out of the
/// assembly, files out of its symbols. Not seen: constants, which the compiler copies, and <c>nameof</c>.
/// </summary>
internal static class FolderReferences
{
    private static readonly Dictionary<short, OpCode> OpCodesByValue = typeof(OpCodes)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => code.Value);

    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <summary>The references between files of a project. Generated files are left out.</summary>
    public static IReadOnlyList<FileReference> Of(string project, Assembly assembly)
    {
        var files = Files(project, assembly);
        var references = new HashSet<FileReference>();
        foreach (var type in assembly.GetTypes())
        {
            if (!files.TryGetValue(Outermost(type), out var from))
            {
                continue;
            }

            foreach (var used in Used(type).SelectMany(Parts).Where(used => used.Assembly == assembly).Select(Outermost).Distinct())
            {
                if (files.TryGetValue(used, out var to) && to != from)
                {
                    references.Add(new FileReference(from, Outermost(type), to, used));
                }
            }
        }

        return [.. references];
    }

    /// <summary>The file of each outermost type.</summary>
    private static Dictionary<Type, string> Files(string project, Assembly assembly)
    {
        var folder = Path.Combine(TestFiles.Repository, "src", project);
        using var provider = MetadataReaderProvider.FromPortablePdbStream(File.OpenRead(Path.ChangeExtension(assembly.Location, ".pdb")));
        var symbols = provider.GetMetadataReader();
        var files = new Dictionary<Type, string>();
        foreach (var type in assembly.GetTypes())
        {
            var document = DocumentOf(symbols, type);
            if (document is null)
            {
                continue;
            }

            // Builds with deterministic paths write /_/ for the repository.
            var path = document.Replace("/_/", TestFiles.Repository.TrimEnd('/') + "/", StringComparison.Ordinal);
            var relative = Path.GetRelativePath(folder, path);
            if (!relative.StartsWith("..", StringComparison.Ordinal) && !relative.StartsWith("obj", StringComparison.Ordinal))
            {
                files.TryAdd(Outermost(type), relative);
            }
        }

        return files;
    }

    private static string? DocumentOf(MetadataReader symbols, Type type)
    {
        foreach (var method in Methods(type))
        {
            var handle = ((MethodDefinitionHandle)MetadataTokens.Handle(method.MetadataToken)).ToDebugInformationHandle();
            var document = symbols.GetMethodDebugInformation(handle).Document;
            if (!document.IsNil)
            {
                return symbols.GetString(symbols.GetDocument(document).Name);
            }
        }

        // Types without code: the compiler lists their documents apart.
        foreach (var handle in symbols.GetCustomDebugInformation(MetadataTokens.EntityHandle(type.MetadataToken)))
        {
            var information = symbols.GetCustomDebugInformation(handle);
            if (symbols.GetGuid(information.Kind) == TypeDefinitionDocuments)
            {
                var row = symbols.GetBlobReader(information.Value).ReadCompressedInteger();
                return symbols.GetString(symbols.GetDocument(MetadataTokens.DocumentHandle(row)).Name);
            }
        }

        return null;
    }

    private static readonly Guid TypeDefinitionDocuments = new("932E74BC-DBA9-4478-8D46-0F32A7BAB3D3");

    private static Type Outermost(Type type)
    {
        var definition = type.IsGenericType ? type.GetGenericTypeDefinition() : type;
        while (definition.DeclaringType is { } outer)
        {
            definition = outer;
        }

        return definition;
    }

    /// <summary>A type with its element type and arguments.</summary>
    private static IEnumerable<Type> Parts(Type? type)
    {
        if (type is null || type.IsGenericParameter)
        {
            yield break;
        }

        if (type.HasElementType)
        {
            foreach (var part in Parts(type.GetElementType()))
            {
                yield return part;
            }

            yield break;
        }

        yield return type;
        foreach (var part in type.GetGenericArguments().SelectMany(Parts))
        {
            yield return part;
        }
    }

    private static IEnumerable<MethodBase> Methods(Type type) => [.. type.GetMethods(Declared), .. type.GetConstructors(Declared)];

    private static IEnumerable<Type?> Used(Type type)
    {
        IEnumerable<Type?> used =
        [
            type.BaseType,
            .. type.GetInterfaces(),
            .. type.GetCustomAttributesData().Select(attribute => attribute.AttributeType),
            .. type.GetFields(Declared).Select(field => field.FieldType),
        ];
        return used.Concat(Methods(type).SelectMany(Used));
    }

    private static IEnumerable<Type?> Used(MethodBase method)
    {
        foreach (var parameter in method.GetParameters())
        {
            yield return parameter.ParameterType;
        }

        yield return (method as MethodInfo)?.ReturnType;
        if (method.GetMethodBody() is not { } body)
        {
            yield break;
        }

        foreach (var local in body.LocalVariables)
        {
            yield return local.LocalType;
        }

        foreach (var member in Tokens(body.GetILAsByteArray() ?? []).Select(token => Resolve(method, token)))
        {
            yield return member as Type ?? member?.DeclaringType;
            yield return (member as FieldInfo)?.FieldType;
            if (member is MethodInfo called)
            {
                yield return called.ReturnType;
                foreach (var argument in called.IsGenericMethod ? called.GetGenericArguments() : [])
                {
                    yield return argument;
                }
            }
        }
    }

    private static MemberInfo? Resolve(MethodBase method, int token)
    {
        var typeArguments = method.DeclaringType?.GetGenericArguments();
        var methodArguments = method.IsGenericMethod ? method.GetGenericArguments() : null;
        return method.Module.ResolveMember(token, typeArguments, methodArguments);
    }

    /// <summary>The tokens of fields, methods and types in a method's code (ECMA-335, III.1.2).</summary>
    private static IEnumerable<int> Tokens(byte[] code)
    {
        for (var at = 0; at < code.Length; )
        {
            short value = code[at++];
            if (value == 0xfe)
            {
                value = unchecked((short)(0xfe00 | code[at++]));
            }

            var operand = OpCodesByValue[value].OperandType;
            if (operand is OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType)
            {
                yield return BitConverter.ToInt32(code, at);
            }

            at += operand switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(code, at)),
                _ => 4,
            };
        }
    }
}
